// Package source says where things stand in the files a user wrote, and
// prints errors that show that place: message, file:line:column, the line
// itself with a caret, and what to do about it.
//
// It is a leaf: every other package may import it, it imports none of drover's.
package source

import "fmt"

// Pos is a place in a file. Line and Col count from 1, Col in characters;
// the zero Pos means "unknown". A Pos with only File set means the whole file.
type Pos struct {
	File string
	Line int
	Col  int
}

// Known reports whether p names at least a file.
func (p Pos) Known() bool { return p.File != "" }

// String gives "file:line:col", leaving out what is not known.
func (p Pos) String() string {
	switch {
	case p.File == "":
		return "<unknown>"
	case p.Line == 0:
		return p.File
	case p.Col == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	default:
		return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
	}
}
