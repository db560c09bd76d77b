package modules

import (
	"bytes"
	"errors"
	"io"
)

// opener gives the contents of an entry, once.
type opener func() (io.Reader, error)

// sameContents reports whether a file holds what the entry has. For one that
// does not, again gives the entry's contents: what was read of them already is
// in the file, up to the difference.
func (u *unpacking) sameContents(e *archived, open opener) (same bool, again opener, err error) {
	in, err := open()
	if err != nil {
		return false, nil, err
	}
	again = func() (io.Reader, error) { return in, nil }
	old, err := u.h.Open(e.dest)
	if err != nil {
		return false, again, nil // make tells why, if that matters
	}
	defer old.Close()
	ours, theirs := make([]byte, 64<<10), make([]byte, 64<<10)
	for equal := int64(0); ; {
		n, err := io.ReadFull(in, ours)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return false, nil, err
		}
		if m, _ := io.ReadFull(old, theirs[:n]); !bytes.Equal(ours[:n], theirs[:m]) {
			return false, func() (io.Reader, error) { return u.rejoin(e.dest, equal, ours[:n], in) }, nil
		}
		if err != nil {
			return true, again, nil
		}
		equal += int64(n)
	}
}

// rejoin gives the first bytes of a file, then what was read, then the rest. A
// file that will be written in place is read before that.
func (u *unpacking) rejoin(file string, equal int64, read []byte, rest io.Reader) (io.Reader, error) {
	f, err := u.h.Open(file)
	if err != nil {
		return nil, err
	}
	all := io.MultiReader(io.LimitReader(f, equal), bytes.NewReader(read), rest)
	if !u.a.inPlace(u.h) {
		return joined{all, f}, nil
	}
	defer f.Close()
	start, err := io.ReadAll(io.LimitReader(f, equal))
	return io.MultiReader(bytes.NewReader(append(start, read...)), rest), err
}

// joined is a reader that has a file to close.
type joined struct {
	io.Reader
	io.Closer
}
