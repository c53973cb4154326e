// Package media looks at the files that others send: what they are, whatever
// their names say, how large a picture is, and how it looks when it is small.
//
// What it reads is hostile: the size of a picture is judged before its content
// is decoded, decoding takes bounded memory and time, and nothing that is
// packed is unpacked. It imports no wire and no store, and is safe for
// concurrent use.
package media
