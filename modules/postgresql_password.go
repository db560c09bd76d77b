package modules

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
)

// SCRAM-SHA-256$iterations:salt$stored key:server key
var scramHash = regexp.MustCompile(`^SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)$`)

// postgresPasswordIs reports whether what PostgreSQL keeps of a role's password
// is that of the given one, which may be a hash itself.
func postgresPasswordIs(role, password, kept string) bool {
	switch {
	case password == kept:
		return true
	case password == "" || scramHash.MatchString(password) || isMD5Password(password):
		return false
	}
	if m := scramHash.FindStringSubmatch(kept); m != nil {
		return scramMatches(password, m)
	}
	sum := md5.Sum([]byte(password + role))
	return kept == "md5"+hex.EncodeToString(sum[:])
}

func isMD5Password(s string) bool { return strings.HasPrefix(s, "md5") && len(s) == 35 }

// scramMatches makes the server key of the password (RFC 5802, section 3) and
// compares it.
func scramMatches(password string, m []string) bool {
	iterations, err := strconv.Atoi(m[1])
	salt, errSalt := base64.StdEncoding.DecodeString(m[2])
	serverKey, errKey := base64.StdEncoding.DecodeString(m[4])
	if err != nil || errSalt != nil || errKey != nil || iterations < 1 {
		return false
	}
	salted, err := pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, salted)
	mac.Write([]byte("Server Key"))
	return hmac.Equal(mac.Sum(nil), serverKey)
}
