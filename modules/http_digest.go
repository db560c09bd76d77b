package modules

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"slices"
	"strings"

	"drover/internal/lazyre"
)

// digest is what a server wants to know for digest access authentication
// (RFC 7616).
type digest struct{ realm, nonce, opaque, algorithm, qop string }

var challengeParam = lazyre.New(`(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))`)

// digestChallenge finds the first challenge of that kind that can be answered.
func digestChallenge(resp *http.Response) *digest {
	for _, header := range resp.Header.Values("WWW-Authenticate") {
		scheme, params, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Digest") {
			continue
		}
		var d digest
		fields := map[string]*string{"realm": &d.realm, "nonce": &d.nonce, "opaque": &d.opaque, "algorithm": &d.algorithm, "qop": &d.qop}
		for _, m := range challengeParam.FindAllStringSubmatch(params, -1) {
			if f := fields[strings.ToLower(m[1])]; f != nil {
				*f = m[2] + m[3]
			}
		}
		if d.hash() != nil {
			return &d
		}
	}
	return nil
}

// hash gives the hash function that the server wants, nil for an unknown one.
func (d *digest) hash() func() hash.Hash {
	switch strings.TrimSuffix(strings.ToUpper(d.algorithm), "-SESS") {
	case "", "MD5":
		return md5.New
	case "SHA-256":
		return sha256.New
	}
	return nil
}

func (d *digest) sum(parts ...string) string {
	h := d.hash()()
	h.Write([]byte(strings.Join(parts, ":")))
	return hex.EncodeToString(h.Sum(nil))
}

// answer gives the Authorization header of a request.
func (d *digest) answer(req *http.Request, user, password string) string {
	return d.answerWith(req, user, password, strings.ToLower(rand.Text()))
}

func (d *digest) answerWith(req *http.Request, user, password, cnonce string) string {
	const count = "00000001"
	uri := req.URL.RequestURI()
	secret := d.sum(user, d.realm, password)
	if strings.HasSuffix(strings.ToUpper(d.algorithm), "-SESS") {
		secret = d.sum(secret, d.nonce, cnonce)
	}
	what := d.sum(req.Method, uri)
	text := fmt.Sprintf(`Digest username="%s", realm="%s", nonce="%s", uri="%s"`, user, d.realm, d.nonce, uri)
	if slices.Contains(strings.FieldsFunc(d.qop, func(r rune) bool { return r == ',' || r == ' ' }), "auth") {
		response := d.sum(secret, d.nonce, count, cnonce, "auth", what)
		text += fmt.Sprintf(`, qop=auth, nc=%s, cnonce="%s", response="%s"`, count, cnonce, response)
	} else {
		text += fmt.Sprintf(`, response="%s"`, d.sum(secret, d.nonce, what))
	}
	if d.algorithm != "" {
		text += ", algorithm=" + d.algorithm
	}
	if d.opaque != "" {
		text += fmt.Sprintf(`, opaque="%s"`, d.opaque)
	}
	return text
}
