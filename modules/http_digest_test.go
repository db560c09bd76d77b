package modules

import (
	"net/http"
	"strings"
	"testing"
)

// The examples of RFC 7616, section 3.9.1.
func TestDigestAnswer(t *testing.T) {
	const challenge = `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=%ALG%, ` +
		`nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`
	want := map[string]string{
		"MD5":     "8ca523f5e9506fed4657c9700eebdbec",
		"SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	}
	for alg, response := range want {
		resp := &http.Response{Header: http.Header{"Www-Authenticate": {`Basic realm="x"`, strings.Replace(challenge, "%ALG%", alg, 1)}}}
		d := digestChallenge(resp)
		if d == nil {
			t.Fatalf("%s: the challenge was not understood", alg)
		}
		req, _ := http.NewRequest("GET", "http://www.example.org/dir/index.html", nil)
		got := d.answerWith(req, "Mufasa", "Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ")
		if !strings.Contains(got, `response="`+response+`"`) || !strings.Contains(got, `uri="/dir/index.html"`) || !strings.Contains(got, "opaque=") {
			t.Errorf("%s: %s", alg, got)
		}
	}
	if d := digestChallenge(&http.Response{Header: http.Header{"Www-Authenticate": {`Digest realm="x", nonce="y", algorithm=SHA-512-256`}}}); d != nil {
		t.Error("an unknown algorithm was accepted")
	}
}
