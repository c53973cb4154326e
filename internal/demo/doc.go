// Package demo makes a believable account out of a seed, in the interchange
// form, and keeps it alive: every few seconds somebody writes. The same seed
// and the same present give the same bytes.
package demo
