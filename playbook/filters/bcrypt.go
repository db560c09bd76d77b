package filters

import (
	"encoding/base64"
	"fmt"

	//lint:ignore SA1019 bcrypt is built on it
	"golang.org/x/crypto/blowfish"
)

var bcryptEncoding = base64.NewEncoding("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789").WithPadding(base64.NoPadding)

// bcryptHash is bcrypt with a given salt of 22 characters, which Go's own
// package does not offer.
func bcryptHash(password, salt string, rounds int, ident string) (string, error) {
	switch ident {
	case "":
		ident = "2b"
	case "2a", "2b", "2y":
	default:
		return "", fmt.Errorf("Could not hash the secret: invalid bcrypt ident '%s'; there are 2a, 2b and 2y", ident)
	}
	raw, err := bcryptEncoding.DecodeString(salt)
	if err != nil {
		return "", fmt.Errorf("Could not hash the secret: invalid bcrypt salt: %w", err)
	}
	key := append([]byte(password), 0)
	key = key[:min(len(key), 72)]
	c, err := blowfish.NewSaltedCipher(key, raw)
	if err != nil {
		return "", fmt.Errorf("Could not hash the secret: %w", err)
	}
	for range uint64(1) << rounds {
		blowfish.ExpandKey(key, c)
		blowfish.ExpandKey(raw, c)
	}
	text := []byte("OrpheanBeholderScryDoubt")
	for i := 0; i < len(text); i += blowfish.BlockSize {
		for range 64 {
			c.Encrypt(text[i:i+blowfish.BlockSize], text[i:i+blowfish.BlockSize])
		}
	}
	return fmt.Sprintf("$%s$%02d$%s%s", ident, rounds, bcryptEncoding.EncodeToString(raw), bcryptEncoding.EncodeToString(text[:23])), nil
}
