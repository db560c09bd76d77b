package yaml

import (
	"bytes"
	"encoding/json"
	"errors"

	yaml "go.yaml.in/yaml/v4"

	"drover/playbook/source"
	"drover/playbook/value"
)

// The keys of the mappings that stand in JSON, which has no tags, for values
// tagged !vault and !unsafe.
const (
	VaultKey  = "__ansible_vault"
	UnsafeKey = "__ansible_unsafe"
)

// ErrLocked is inside the errors about a file that can't be decrypted.
var ErrLocked = errors.New("locked")

// Sealed gives the value of vaulted text. One that can't be decrypted is an
// error only for what uses it, so that a file may hold secrets of others.
func (o Options) Sealed(text string, pos source.Pos) value.Value {
	if o.Vault == nil {
		return locked(text, pos, errors.New("Attempting to decrypt but no vault secrets found: "+
			"give --ask-vault-pass, --vault-password-file or --vault-id"))
	}
	plain, err := o.Vault.Decrypt([]byte(text))
	if err != nil {
		return locked(text, pos, err)
	}
	if !o.Untrusted && HasMarkup(string(plain)) {
		return &value.Template{Src: string(plain), Pos: pos, Secret: true}
	}
	return value.Secret(plain)
}

// SealedError is why vaulted text can't be read; Text is the text as it is.
type SealedError struct {
	Text string
	Err  error
}

func (e *SealedError) Error() string { return e.Err.Error() }

// Unwrap gives the error of the vault.
func (e *SealedError) Unwrap() error { return e.Err }

// locked is a value that says why it can't be read when something uses it.
func locked(text string, pos source.Pos, why error) value.Value {
	return &value.Undefined{
		Msg: "can't decrypt the value at " + pos.String() + ": " + why.Error(), Pos: pos, Err: &SealedError{Text: text, Err: why},
	}
}

// isJSON reports whether trusted text is JSON rather than YAML: Ansible reads
// all that can be read as JSON so.
func isJSON(data []byte) bool {
	data = bytes.TrimSpace(data)
	return len(data) > 0 && (data[0] == '{' || data[0] == '[') && json.Valid(data)
}

// marked gives the value of a mapping of JSON that stands for a tagged text.
func (c *converter) marked(raw *yaml.Node) (*Node, bool) {
	if !c.json {
		return nil, false
	}
	for i := 0; i+1 < len(raw.Content); i += 2 {
		val := raw.Content[i+1]
		if val.Kind != yaml.ScalarNode {
			continue
		}
		n := &Node{Pos: c.textPos(val), size: 1}
		switch raw.Content[i].Value {
		case VaultKey:
			n.Scalar = c.Sealed(val.Value, n.Pos)
			return n, true
		case UnsafeKey:
			n.Scalar = value.Str(val.Value)
			return n, true
		}
	}
	return nil, false
}
