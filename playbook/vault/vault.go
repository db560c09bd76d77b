// Package vault reads and writes Ansible Vault text (formats 1.1 and 1.2,
// AES256): a header line, then hexadecimal lines that hold salt, HMAC-SHA256
// and the text encrypted with AES-CTR, keys derived by PBKDF2. It is a leaf.
package vault

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Header starts every vaulted text.
const Header = "$ANSIBLE_VAULT;"

// DefaultID is the vault id of text that names none.
const DefaultID = "default"

// Secret is one vault password and the id it goes by.
type Secret struct {
	ID       string
	Password []byte
}

// Secrets are the known passwords in the order they are tried: first those
// whose id is the text's, then the others.
type Secrets []Secret

// IsVault reports whether data is vaulted text.
func IsVault(data []byte) bool { return bytes.HasPrefix(data, []byte(Header)) }

// Decrypt gives the plain text of vaulted text. The error says which ids were
// tried.
func (s Secrets) Decrypt(data []byte) ([]byte, error) {
	plain, _, err := s.Open(data)
	return plain, err
}

// Open is Decrypt that also gives the secret that fits, under the id that the
// text names.
func (s Secrets) Open(data []byte) ([]byte, Secret, error) {
	env, err := parse(data)
	if err != nil {
		return nil, Secret{}, err
	}
	return env.try(s.order(env.id))
}

// Exact are Secrets of which only those with the text's own id are tried.
type Exact struct{ Secrets }

// Decrypt is Secrets.Decrypt with only the secrets of the text's id.
func (x Exact) Decrypt(data []byte) ([]byte, error) {
	plain, _, err := x.Open(data)
	return plain, err
}

// Open is Secrets.Open with only the secrets of the text's id.
func (x Exact) Open(data []byte) ([]byte, Secret, error) {
	env, err := parse(data)
	if err != nil {
		return nil, Secret{}, err
	}
	return env.try(slices.DeleteFunc(x.order(env.id), func(s Secret) bool { return s.ID != env.id }))
}

// Error is a failure to decrypt.
type Error struct{ msg string }

func (e *Error) Error() string { return e.msg }

// try opens the envelope with the first secret that fits.
func (e *envelope) try(secrets []Secret) ([]byte, Secret, error) {
	if len(secrets) == 0 {
		return nil, Secret{}, errors.New("Attempting to decrypt but no vault secrets found: " +
			"there is no vault password; give --ask-vault-pass, --vault-password-file or --vault-id")
	}
	var tried []string
	for _, secret := range secrets {
		plain, err := e.open(secret.Password)
		if err == nil {
			secret.ID = e.id
			return plain, secret, nil
		}
		if !errors.Is(err, errPassword) {
			return nil, Secret{}, err
		}
		tried = append(tried, secret.ID)
	}
	return nil, Secret{}, &Error{fmt.Sprintf("Decryption failed: no vault password fits the text of vault id '%s'; tried the passwords of %s",
		e.id, quoteList(tried))}
}

// order puts the secrets of the wanted id first.
func (s Secrets) order(id string) []Secret {
	out := make([]Secret, 0, len(s))
	for _, secret := range s {
		if secret.ID == id {
			out = append(out, secret)
		}
	}
	for _, secret := range s {
		if secret.ID != id {
			out = append(out, secret)
		}
	}
	return out
}

// Find gives the secret with an id.
func (s Secrets) Find(id string) (Secret, bool) {
	for _, secret := range s {
		if secret.ID == id {
			return secret, true
		}
	}
	return Secret{}, false
}

// IDOf gives the vault id that vaulted text names, DefaultID when it names none.
func IDOf(data []byte) (string, error) {
	env, err := parse(data)
	if err != nil {
		return "", err
	}
	return env.id, nil
}

func quoteList(ids []string) string {
	q := make([]string, len(ids))
	for i, id := range ids {
		q[i] = "'" + id + "'"
	}
	return strings.Join(q, ", ")
}
