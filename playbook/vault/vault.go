// Package vault reads and writes Ansible Vault text (formats 1.1 and 1.2,
// AES256): a header line, then hexadecimal lines that hold salt, HMAC-SHA256
// and the text encrypted with AES-CTR, keys derived by PBKDF2. It is a leaf.
package vault

import (
	"bytes"
	"errors"
	"fmt"
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
	env, err := parse(data)
	if err != nil {
		return nil, err
	}
	if len(s) == 0 {
		return nil, errors.New("there is no vault password; give --ask-vault-pass, --vault-password-file or --vault-id")
	}
	var tried []string
	for _, secret := range s.order(env.id) {
		plain, err := env.open(secret.Password)
		if err == nil {
			return plain, nil
		}
		if !errors.Is(err, errPassword) {
			return nil, err
		}
		tried = append(tried, secret.ID)
	}
	return nil, fmt.Errorf("no vault password fits the text of vault id '%s'; tried the passwords of %s", env.id, quoteList(tried))
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
