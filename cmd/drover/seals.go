package main

import (
	"errors"

	"drover/playbook/value"
)

// seals is a vault that remembers which vaulted text its secrets came from, so
// that they can be shown as that.
type seals struct {
	inner interface {
		Decrypt(data []byte) ([]byte, error)
	}
	texts map[string]string // by the plain text
}

// sealedError says why a text can't be decrypted.
type sealedError struct {
	text string
	why  error
}

func (e *sealedError) Error() string { return e.why.Error() }
func (e *sealedError) Unwrap() error { return e.why }

// Decrypt gives the plain text.
func (s *seals) Decrypt(data []byte) ([]byte, error) {
	plain, err := s.inner.Decrypt(data)
	if err != nil {
		return nil, &sealedError{string(data), err}
	}
	s.texts[string(plain)] = string(data)
	return plain, nil
}

// of gives the vaulted text of a value that was decrypted, or could not be.
func (s *seals) of(v value.Value) (string, bool) {
	var plain string
	switch v := v.(type) {
	case value.Secret:
		plain = string(v)
	case *value.Template:
		if !v.Secret {
			return "", false
		}
		plain = v.Src
	case *value.Undefined:
		var locked *sealedError
		if errors.As(v.Err, &locked) {
			return locked.text, true
		}
		return "", false
	default:
		return "", false
	}
	text, ok := s.texts[plain]
	return text, ok
}
