package transport

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"
)

// keyIndex finds the keys of hosts that known_hosts files name in plain. The
// library that knows every form of a line looks at all lines for each host;
// in a fleet most hosts are found here instead. The index only ever accepts:
// what it does not know, or must not decide, is left to the library.
type keyIndex struct {
	keys map[string][]ssh.PublicKey
	// undecided: lines by pattern, hashed or with a marker also count.
	undecided bool
}

// readIndex reads the files; one that can't be read is the library's to tell.
func readIndex(files []string) *keyIndex {
	x := &keyIndex{keys: map[string][]ssh.PublicKey{}}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil || !x.add(text) {
			x.undecided = true
		}
	}
	return x
}

// add takes in a file's lines; it reports whether the index knows all of them.
func (x *keyIndex) add(text []byte) bool {
	plain := true
	for line := range bytes.Lines(text) {
		marker, hosts, key, _, _, err := ssh.ParseKnownHosts(line)
		if errors.Is(err, io.EOF) {
			continue // empty, or a comment
		}
		if err != nil || marker != "" {
			plain = false
			continue
		}
		for _, h := range hosts {
			if strings.ContainsAny(h, "*?!|") {
				plain = false
				continue
			}
			x.keys[h] = append(x.keys[h], key)
		}
	}
	return plain
}

// known gives the keys of the host at address, none when others must decide.
func (x *keyIndex) known(address string) []ssh.PublicKey {
	if x.undecided {
		return nil
	}
	return x.keys[xknownhosts.Normalize(address)]
}

// holds reports whether key is one of keys.
func holds(keys []ssh.PublicKey, key ssh.PublicKey) bool {
	text := key.Marshal()
	return slices.ContainsFunc(keys, func(k ssh.PublicKey) bool { return bytes.Equal(k.Marshal(), text) })
}

// algorithmsOf gives the host key algorithms with which a host can show keys.
func algorithmsOf(keys []ssh.PublicKey) []string {
	var all []string
	for _, k := range keys {
		names := []string{k.Type()}
		if k.Type() == ssh.KeyAlgoRSA {
			names = []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256, ssh.KeyAlgoRSA}
		}
		for _, n := range names {
			if !slices.Contains(all, n) {
				all = append(all, n)
			}
		}
	}
	return all
}
