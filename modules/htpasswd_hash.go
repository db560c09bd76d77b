package modules

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/GehirnInc/crypt"
	"github.com/GehirnInc/crypt/apr1_crypt"
	"github.com/GehirnInc/crypt/md5_crypt"
	"github.com/GehirnInc/crypt/sha256_crypt"
	"github.com/GehirnInc/crypt/sha512_crypt"
	"golang.org/x/crypto/bcrypt"

	"drover/internal/lazyre"
	"drover/modules/target"
)

// cryptScheme is a hash of crypt(3)'s kind.
type cryptScheme struct {
	prefix string
	rounds string // of a new hash, as its salt says it
	salt   int    // letters
	make   func() crypt.Crypter
}

func cryptSchemes() map[string]cryptScheme {
	return map[string]cryptScheme{
		"apr_md5_crypt": {"$apr1$", "", 8, apr1_crypt.New},
		"md5_crypt":     {"$1$", "", 8, md5_crypt.New},
		"sha256_crypt":  {"$5$", "rounds=535000$", 16, sha256_crypt.New},
		"sha512_crypt":  {"$6$", "rounds=656000$", 16, sha512_crypt.New},
	}
}

// hashPassword hashes a password with a new salt.
func hashPassword(ctx context.Context, h target.Host, scheme, password string) (string, error) {
	if s, ok := cryptSchemes()[scheme]; ok {
		return s.make().Generate([]byte(password), []byte(s.prefix+s.rounds+saltText(s.salt)))
	}
	switch scheme {
	case "plaintext":
		return password, nil
	case "ldap_sha1":
		return ldapSHA1(password), nil
	case "bcrypt":
		const cost = 12
		hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
		if err != nil {
			return "", Failf("can't hash the password: %w", err)
		}
		return "$2b$" + strings.TrimPrefix(string(hash), "$2a$"), nil // the same but for the name
	case "des_crypt":
		return desCrypt(ctx, h, password, saltText(2))
	}
	known := slices.Sorted(maps.Keys(cryptSchemes()))
	return "", Failf("no crypt handler found for algorithm: '%s'; there are %s, bcrypt, des_crypt, ldap_sha1, plaintext", scheme, strings.Join(known, ", "))
}

// saltText gives n random letters for a salt.
func saltText(n int) string {
	const letters = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	salt := make([]byte, n)
	rand.Read(salt)
	for i := range salt {
		salt[i] = letters[salt[i]&63]
	}
	return string(salt)
}

func ldapSHA1(password string) string {
	sum := sha1.Sum([]byte(password))
	return "{SHA}" + base64.StdEncoding.EncodeToString(sum[:])
}

var desForm = lazyre.New(`^[./0-9A-Za-z]{13}$`)

// passwordFits reports whether a hash is that of the password. Text that is no
// hash is the password itself.
func passwordFits(ctx context.Context, h target.Host, password, hash string) (bool, error) {
	for _, s := range cryptSchemes() {
		if !strings.HasPrefix(hash, s.prefix) {
			continue
		}
		err := s.make().Verify(hash, []byte(password))
		if err != nil && !errors.Is(err, crypt.ErrKeyMismatch) {
			return false, Failf("can't read a hash of the file: %w", err)
		}
		return err == nil, nil
	}
	switch {
	case strings.HasPrefix(hash, "$2"):
		return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil, nil
	case strings.HasPrefix(hash, "{SHA}"):
		return sameText(hash, ldapSHA1(password)), nil
	case desForm.MatchString(hash):
		made, err := desCrypt(ctx, h, password, hash[:2])
		return sameText(hash, made), err
	}
	return sameText(hash, password), nil
}

func sameText(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// desCrypt asks the host's crypt(3), through Perl, for the hash of old systems:
// Go has no DES with a salt.
func desCrypt(ctx context.Context, h target.Host, password, salt string) (string, error) {
	perl, err := requireTool(h, "perl")
	if err != nil {
		return "", err
	}
	const script = `local $/; my ($salt, $password) = split /\n/, <STDIN>, 2; print crypt($password, $salt)`
	cmd := target.Cmd{Argv: []string{perl, "-e", script}, Stdin: strings.NewReader(salt + "\n" + password)}
	out, err := runToolWith(ctx, h, cmd)
	if err != nil {
		return "", err
	}
	if hash := strings.TrimSpace(out.Stdout); desForm.MatchString(hash) {
		return hash, nil
	}
	return "", Failf("this host can't make hashes of des_crypt: %s", out.said())
}
