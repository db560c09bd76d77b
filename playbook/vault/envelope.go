package vault

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

const (
	iterations = 10000
	keySize    = 32
	lineLength = 80
)

var errPassword = errors.New("the password does not fit")

// envelope is vaulted text taken apart.
type envelope struct {
	id              string
	salt, mac, text []byte
}

func parse(data []byte) (*envelope, error) {
	if !IsVault(data) {
		return nil, errors.New("this is not vaulted text: it does not start with " + Header)
	}
	header, body, _ := bytes.Cut(data, []byte("\n"))
	id, err := parseHeader(strings.TrimSpace(string(header)))
	if err != nil {
		return nil, err
	}
	inner, err := unhex(bytes.Join(bytes.Fields(body), nil))
	if err != nil {
		return nil, err
	}
	parts := bytes.SplitN(inner, []byte("\n"), 3)
	if len(parts) != 3 {
		return nil, errors.New("the vaulted text is cut off: it has no salt, HMAC and data")
	}
	e := &envelope{id: id}
	for i, into := range []*[]byte{&e.salt, &e.mac, &e.text} {
		if *into, err = unhex(parts[i]); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// parseHeader reads "$ANSIBLE_VAULT;1.2;AES256;id".
func parseHeader(header string) (id string, err error) {
	f := strings.Split(header, ";")
	if len(f) < 3 {
		return "", fmt.Errorf("the vault header '%s' is incomplete", header)
	}
	if f[1] != "1.1" && f[1] != "1.2" {
		return "", fmt.Errorf("vault format %s is not known; 1.1 and 1.2 are", f[1])
	}
	if f[2] != "AES256" {
		return "", fmt.Errorf("vault cipher %s is not known; AES256 is", f[2])
	}
	if len(f) > 3 && f[3] != "" {
		return f[3], nil
	}
	return DefaultID, nil
}

func unhex(b []byte) ([]byte, error) {
	out := make([]byte, hex.DecodedLen(len(b)))
	if _, err := hex.Decode(out, b); err != nil {
		why := "Non-hexadecimal digit found"
		if errors.Is(err, hex.ErrLength) {
			why = "Odd-length string"
		}
		return nil, fmt.Errorf("Vault format unhexlify error: %s: the vaulted text is damaged, it is not hexadecimal", why)
	}
	return out, nil
}

// keys derives the cipher key, the HMAC key and the counter's start.
func keys(password, salt []byte) (cipherKey, macKey, iv []byte, err error) {
	k, err := pbkdf2.Key(sha256.New, string(password), salt, iterations, 2*keySize+aes.BlockSize)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("can't derive the vault's keys: %w", err)
	}
	return k[:keySize], k[keySize : 2*keySize], k[2*keySize:], nil
}

func (e *envelope) open(password []byte) ([]byte, error) {
	cipherKey, macKey, iv, err := keys(password, e.salt)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(sum(macKey, e.text), e.mac) {
		return nil, errPassword
	}
	padded, err := crypt(cipherKey, iv, e.text)
	if err != nil {
		return nil, err
	}
	if len(padded) == 0 {
		return nil, errors.New("the vaulted text is damaged: it has no padding")
	}
	n := int(padded[len(padded)-1])
	if n == 0 || n > aes.BlockSize || n > len(padded) {
		return nil, errors.New("the vaulted text is damaged: its padding is wrong")
	}
	return padded[:len(padded)-n], nil
}

func sum(key, text []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(text)
	return h.Sum(nil)
}

// crypt is AES-CTR, the same both ways.
func crypt(key, iv, in []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(in))
	cipher.NewCTR(block, iv).XORKeyStream(out, in)
	return out, nil
}

// Encrypt makes vaulted text with a fresh salt, ending with a newline. The
// header names the secret's id unless it is empty or DefaultID.
func Encrypt(plain []byte, s Secret) ([]byte, error) {
	salt := make([]byte, 32)
	if _, err := rand.Read(salt); err != nil {
		return nil, fmt.Errorf("can't make a salt: %w", err)
	}
	return EncryptSalted(plain, s, salt)
}

// EncryptSalted is Encrypt with a given salt: the same text, secret and salt
// give the same vaulted text.
func EncryptSalted(plain []byte, s Secret, salt []byte) ([]byte, error) {
	cipherKey, macKey, iv, err := keys(s.Password, salt)
	if err != nil {
		return nil, err
	}
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	padded := append(bytes.Clone(plain), bytes.Repeat([]byte{byte(pad)}, pad)...)
	text, err := crypt(cipherKey, iv, padded)
	if err != nil {
		return nil, err
	}
	inner := hex.EncodeToString(salt) + "\n" + hex.EncodeToString(sum(macKey, text)) + "\n" + hex.EncodeToString(text)
	return seal(hex.EncodeToString([]byte(inner)), s.ID), nil
}

// seal puts the header before the text and breaks it into lines.
func seal(text, id string) []byte {
	var b bytes.Buffer
	if id == "" || id == DefaultID {
		b.WriteString(Header + "1.1;AES256\n")
	} else {
		b.WriteString(Header + "1.2;AES256;" + id + "\n")
	}
	for len(text) > lineLength {
		b.WriteString(text[:lineLength] + "\n")
		text = text[lineLength:]
	}
	b.WriteString(text + "\n")
	return b.Bytes()
}
