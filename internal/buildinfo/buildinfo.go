// Package buildinfo says which build this is.
package buildinfo

// Version is set by the linker: see the Makefile. It is never written
// afterwards.
var Version = "dev"
