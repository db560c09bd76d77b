package filters

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/crypto/blake2b"
	"golang.org/x/crypto/blake2s"
	"golang.org/x/crypto/ripemd160" //lint:ignore SA1019 what Ansible hashes so has to be hashed so

	"drover/modules/checksum"
	"drover/playbook/value"
)

// encodeFilters change the form of text: base64, digests, UUIDs, shell quotes.
var encodeFilters = []entry{
	{"b64encode", "value encoding? urlsafe?", b64encode, 0},
	{"b64decode", "value encoding? urlsafe?", b64decode, 0},
	{"md5", "value", digestFilter("md5"), 0},
	{"sha1", "value", digestFilter("sha1"), 0},
	{"checksum", "value", digestFilter("sha1"), 0},
	{"hash", "value hashtype?", hashFilter, 0},
	{"to_uuid", "value namespace?", toUUID, 0},
	{"quote", "value", quoteFilter, 0},
	{"community.general.crc32", "value", crc32Filter, 0},
}

func b64Encoding(a *args) *base64.Encoding {
	if a.truth("urlsafe") {
		return base64.URLEncoding
	}
	return base64.StdEncoding
}

func b64encode(a *args) (value.Value, error) {
	data, err := encodeText(a.text("value"), a.strOr("encoding", "utf-8"))
	return value.Str(b64Encoding(a).EncodeToString(data)), err
}

// b64decode ignores what is not of the alphabet, as Python does, but wants the
// padding.
func b64decode(a *args) (value.Value, error) {
	enc := b64Encoding(a)
	alphabet := "+/"
	if enc == base64.URLEncoding {
		alphabet = "-_"
	}
	clean := strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (isASCIILetter(byte(r)) || isDigit(byte(r)) || r == '=') || strings.ContainsRune(alphabet, r) {
			return r
		}
		return -1
	}, a.text("value"))
	if body := strings.TrimRight(clean, "="); len(body)%4 == 1 {
		return nil, fmt.Errorf("Invalid base64-encoded string: number of data characters (%d) cannot be 1 more than a multiple of 4", len(body))
	}
	data, err := enc.DecodeString(clean)
	if err != nil {
		return nil, errors.New("Incorrect padding")
	}
	encoding := a.strOr("encoding", "utf-8")
	switch encodingName(encoding) {
	case "utf-8", "ascii":
		// What is no text stays as it is, for those that write files with it.
		return value.Str(data), nil
	}
	text, err := decodeText(data, encoding)
	return value.Str(text), err
}

// encodingName gives the canonical name of one of Python's encodings.
func encodingName(name string) string {
	switch strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name)) {
	case "utf8", "u8":
		return "utf-8"
	case "utf8sig":
		return "utf-8-sig"
	case "latin1", "iso88591", "l1", "cp1252":
		return "latin-1"
	case "ascii", "usascii":
		return "ascii"
	case "utf16":
		return "utf-16"
	case "utf16le":
		return "utf-16-le"
	case "utf16be":
		return "utf-16-be"
	}
	return ""
}

func encodeText(s, encoding string) ([]byte, error) {
	switch name := encodingName(encoding); name {
	case "utf-8":
		return []byte(s), nil
	case "utf-8-sig":
		return append([]byte("\ufeff"), s...), nil
	case "latin-1", "ascii":
		limit := rune(0x100)
		if name == "ascii" {
			limit = 0x80
		}
		var out []byte
		for i, r := range []rune(s) {
			if r >= limit {
				return nil, fmt.Errorf("'%s' codec can't encode character '\\u%04x' in position %d: ordinal not in range(%d)", name, r, i, limit)
			}
			out = append(out, byte(r))
		}
		return out, nil
	case "utf-16", "utf-16-le", "utf-16-be":
		return encodeUTF16(s, name), nil
	}
	return nil, fmt.Errorf("unknown encoding: %s", encoding)
}

func encodeUTF16(s, name string) []byte {
	units := utf16.Encode([]rune(s))
	if name == "utf-16" {
		units = append([]uint16{0xfeff}, units...)
	}
	out := make([]byte, 0, 2*len(units))
	for _, u := range units {
		if name == "utf-16-be" {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return out
}

func decodeText(data []byte, encoding string) (string, error) {
	switch name := encodingName(encoding); name {
	case "utf-8", "utf-8-sig":
		if i := invalidUTF8(data); i >= 0 {
			return "", fmt.Errorf("'utf-8' codec can't decode byte 0x%02x in position %d: invalid start byte", data[i], i)
		}
		if name == "utf-8-sig" {
			return strings.TrimPrefix(string(data), "\ufeff"), nil
		}
		return string(data), nil
	case "latin-1", "ascii":
		out := make([]rune, len(data))
		for i, b := range data {
			if b >= 0x80 && name == "ascii" {
				return "", fmt.Errorf("'ascii' codec can't decode byte 0x%02x in position %d: ordinal not in range(128)", b, i)
			}
			out[i] = rune(b)
		}
		return string(out), nil
	case "utf-16", "utf-16-le", "utf-16-be":
		return decodeUTF16(data, name)
	}
	return "", fmt.Errorf("unknown encoding: %s", encoding)
}

func invalidUTF8(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

func decodeUTF16(data []byte, name string) (string, error) {
	if len(data)%2 != 0 {
		return "", fmt.Errorf("'%s' codec can't decode byte 0x%02x in position %d: truncated data", name, data[len(data)-1], len(data)-1)
	}
	big := name == "utf-16-be"
	if name == "utf-16" && len(data) >= 2 {
		switch {
		case data[0] == 0xfe && data[1] == 0xff:
			big, data = true, data[2:]
		case data[0] == 0xff && data[1] == 0xfe:
			data = data[2:]
		}
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		lo, hi := data[2*i], data[2*i+1]
		if big {
			lo, hi = hi, lo
		}
		units[i] = uint16(hi)<<8 | uint16(lo)
	}
	return string(utf16.Decode(units)), nil
}

// newHash makes a hash by the name that Python's hashlib gives it; nil when
// there is none.
func newHash(name string) hash.Hash {
	name = strings.ReplaceAll(strings.ToLower(name), "-", "_")
	switch name {
	case "blake2b", "blake2b512":
		h, _ := blake2b.New512(nil) // fails only for a bad key
		return h
	case "ripemd160", "rmd160":
		return ripemd160.New()
	case "blake2s", "blake2s256":
		h, _ := blake2s.New256(nil)
		return h
	}
	return checksum.New(name)
}

func digest(name, text string) (string, bool) {
	h := newHash(name)
	if h == nil {
		return "", false
	}
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil)), true
}

func digestFilter(name string) func(*args) (value.Value, error) {
	return func(a *args) (value.Value, error) {
		sum, _ := digest(name, a.text("value"))
		return value.Str(sum), nil
	}
}

func hashFilter(a *args) (value.Value, error) {
	name := a.strUnlessGiven("hashtype", "sha1")
	sum, ok := digest(name, a.text("value"))
	if !ok {
		return nil, fmt.Errorf("unsupported hash type %s", name)
	}
	return value.Str(sum), nil
}

func crc32Filter(a *args) (value.Value, error) {
	s := a.str("value")
	return value.Str(fmt.Sprintf("%x", crc32.ChecksumIEEE([]byte(s)))), nil
}

// uuidNamespace is the namespace in which Ansible makes UUIDs of names.
const uuidNamespace = "361E6D51-FAEC-444A-9079-341386DA8E2E"

func toUUID(a *args) (value.Value, error) {
	ns := a.strUnlessGiven("namespace", uuidNamespace)
	if given := a.lookup("namespace"); a.err != nil && given != nil {
		a.err = fmt.Errorf("Invalid value '%s' for 'namespace': it must be a string, not '%s'", value.String(given), given.Type())
		return nil, a.err
	}
	digits := strings.NewReplacer("urn:", "", "uuid:", "", "{", "", "}", "", "-", "").Replace(ns)
	space, err := hex.DecodeString(digits)
	if err != nil || len(space) != 16 {
		return nil, fmt.Errorf("Invalid value '%s' for 'namespace': badly formed hexadecimal UUID string", ns)
	}
	sum := sha1.Sum(append(space, a.text("value")...))
	sum[6] = sum[6]&0x0f | 0x50
	sum[8] = sum[8]&0x3f | 0x80
	u := hex.EncodeToString(sum[:16])
	return value.Str(strings.Join([]string{u[:8], u[8:12], u[12:16], u[16:20], u[20:]}, "-")), nil
}

func quoteFilter(a *args) (value.Value, error) {
	if !a.has("value") {
		return value.Str("''"), nil
	}
	return value.Str(shellQuote(a.text("value"))), nil
}

// shellQuote quotes s for a POSIX shell where that is needed.
func shellQuote(s string) string {
	unsafe := func(r rune) bool {
		return r >= utf8.RuneSelf || !isASCIILetter(byte(r)) && !isDigit(byte(r)) && !strings.ContainsRune("@%+=:,./-_", r)
	}
	if s != "" && strings.IndexFunc(s, unsafe) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'"'"'`) + "'"
}
