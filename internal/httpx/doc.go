// Package httpx is what every door shares: streamed bodies with a deadline a
// chunk, errors that become answers, request ids and recovery. It knows no
// dialect: how an error looks is the dialect's business.
package httpx
