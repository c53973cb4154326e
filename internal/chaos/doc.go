// Package chaos holds tests alone: whole servers as processes of their own, which
// are killed while many clients write and follow the event log over connections
// that are cut. In the end every one of them has seen the same.
package chaos
