package modules_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"drover/modules/modtest"
	"drover/modules/target"
	"drover/playbook/value"
)

// webServer is a small site: it echoes requests, redirects, asks for a login,
// and serves a file with its checksums.
func webServer(t *testing.T) string {
	t.Helper()
	const file = "contents\n"
	sum := sha256.Sum256([]byte(file))
	mux := http.NewServeMux()
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Add("X-Two", "a")
		w.Header().Add("X-Two", "b")
		http.SetCookie(w, &http.Cookie{Name: "k", Value: "v"})
		fmt.Fprintf(w, `{"method": %q, "type": %q, "agent": %q, "body": %q}`, r.Method, r.Header.Get("Content-Type"), r.UserAgent(), body)
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/echo", http.StatusFound) })
	mux.HandleFunc("/secret", func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); user != "ada" || password != "pw" {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, "in")
	})
	mux.HandleFunc("/dir/file.txt", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, file) })
	mux.HandleFunc("/SUMS", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "00ff  other.txt\n%s *./file.txt\n", hex.EncodeToString(sum[:]))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestURI(t *testing.T) {
	base := webServer(t)
	for _, tt := range []struct {
		name string
		args []any
		want map[string]string // key → its text
	}{
		{"json answer", []any{"url", base + "/echo"}, map[string]string{"status": "200", "x_two": "a, b", "cookies_string": "k=v", "redirected": "False", "json": `{'method': 'GET', 'type': '', 'agent': 'ansible-httpget', 'body': ''}`}},
		{"text is a form", []any{"url", base + "/echo", "method", "post", "body", "a=1"}, map[string]string{"json": `{'method': 'POST', 'type': 'application/x-www-form-urlencoded', 'agent': 'ansible-httpget', 'body': 'a=1'}`}},
		{"json file", []any{"url", base + "/echo", "method", "PUT", "body_format", "json", "src", "/etc/body.json", "remote_src", true}, map[string]string{"json": `{'method': 'PUT', 'type': 'application/json', 'agent': 'ansible-httpget', 'body': '[1]'}`}},
		{"login in the url", []any{"url", strings.Replace(base, "://", "://ada:pw@", 1) + "/secret"}, map[string]string{"redirected": "True", "url": base + "/secret"}},
		{"an expected refusal", []any{"url", base + "/nowhere", "status_code", 404}, map[string]string{"body": "404 page not found\n", "msg": "HTTP Error 404: Not Found"}},
		{"no url", []any{"url", "nonsense"}, map[string]string{"msg": "unknown url type: 'nonsense'", "status": "-1"}},
		{"json body", []any{"url", base + "/echo", "method", "POST", "body_format", "json", "body", map[string]any{"a": 1}}, map[string]string{"json": `{'method': 'POST', 'type': 'application/json', 'agent': 'ansible-httpget', 'body': '{"a": 1}'}`}},
		{"form body", []any{"url", base + "/echo", "method", "POST", "body_format", "form-urlencoded", "body", map[string]any{"a": "x y", "b": []any{1, 2}}}, map[string]string{"json": `{'method': 'POST', 'type': 'application/x-www-form-urlencoded', 'agent': 'ansible-httpget', 'body': 'a=x+y&b=1&b=2'}`}},
		{"own headers", []any{"url", base + "/echo", "http_agent", "me", "headers", map[string]any{"Content-Type": "text/x"}}, map[string]string{"json": `{'method': 'GET', 'type': 'text/x', 'agent': 'me', 'body': ''}`}},
		{"redirect", []any{"url", base + "/moved"}, map[string]string{"redirected": "True", "url": base + "/echo"}},
		{"redirect of POST stays", []any{"url", base + "/moved", "method", "POST", "status_code", 302}, map[string]string{"status": "302", "location": base + "/echo"}},
		{"no redirect", []any{"url", base + "/moved", "follow_redirects", "none", "status_code", []any{301, 302}}, map[string]string{"status": "302"}},
		{"login", []any{"url", base + "/secret", "user", "ada", "password", "pw", "return_content", true}, map[string]string{"content": "in"}},
		{"login in the URL", []any{"url", strings.Replace(base, "://", "://ada:pw@", 1) + "/secret", "force_basic_auth", true}, map[string]string{"status": "200"}},
		{"wrong login", []any{"url", base + "/secret"}, map[string]string{"failed": "True", "status": "401", "msg": "Status code was 401 and not [200]: HTTP Error 401: Unauthorized"}},
		{"expected failure", []any{"url", base + "/none", "status_code", "404"}, map[string]string{"status": "404"}},
		{"creates", []any{"url", base + "/none", "creates", "/etc"}, map[string]string{"stdout": "skipped, since '/etc' exists"}},
		{"dest", []any{"url", base + "/dir/file.txt", "dest", "/tmp"}, map[string]string{"path": "/tmp/file.txt", "changed": "True"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := target.NewFake()
			h.Write("/etc/body.json", "[1]")
			res := modtest.Run(h, call(tt.args...), "uri")
			for key, want := range tt.want {
				if got := value.String(res.At(key)); got != want {
					t.Errorf("%s is %s, want %s", key, got, want)
				}
			}
		})
	}
}

func TestURIWithoutServer(t *testing.T) {
	res := modtest.Run(target.NewFake(), call("url", "http://"+freePort(t)+"/"), "uri")
	if msg := value.String(res.At("msg")); !strings.HasPrefix(msg, "Status code was -1 and not [200]: Request failed:") {
		t.Errorf("got %q", msg)
	}
}

// freePort gives an address on which nobody listens.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestGetURLConforms(t *testing.T) {
	base := webServer(t)
	file := []any{"url", base + "/dir/file.txt", "dest"}
	for _, tc := range []modtest.Case{
		{Name: "there with that checksum", Module: "get_url", Args: append(file, "/tmp/f", "checksum", "sha256:"+base+"/SUMS"), Setup: with("/tmp/f", "contents\n")},
		{Name: "there with another checksum", Module: "get_url", Args: append(file, "/tmp/f", "checksum", "sha256:"+base+"/SUMS"), Setup: with("/tmp/f", "old"), Change: true, Check: holds("/tmp/f", "contents\n")},
	} {
		modtest.Conform(t, tc)
	}
}

func TestGetURL(t *testing.T) {
	base := webServer(t)
	h := target.NewFake()
	get := func(args ...any) *value.Dict {
		return modtest.Run(h, call(append([]any{"url", base + "/dir/file.txt"}, args...)...), "get_url")
	}
	first, second := get("dest", "/tmp", "backup", true), get("dest", "/tmp")
	if !value.Truth(first.At("changed")) || value.Truth(second.At("changed")) {
		t.Errorf("first %s\nsecond %s", value.Repr(first), value.Repr(second))
	}
	holds("/tmp/file.txt", "contents\n")(t, h, first)

	wrong := get("dest", "/tmp/file.txt", "checksum", "md5:00", "force", true)
	if msg := value.String(wrong.At("msg")); !strings.Contains(msg, "did not match 00") {
		t.Errorf("a wrong checksum gives %q", msg)
	}
	holds("/tmp/file.txt", "contents\n")(t, h, wrong)

	missing := modtest.Run(h, call("url", base+"/none", "dest", "/tmp/n"), "get_url")
	if got := value.String(missing.At("response")); got != "HTTP Error 404: Not Found" {
		t.Errorf("a missing file gives %s", value.Repr(missing))
	}
}

func TestWaitForPort(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(c, "hello version=7\n")
			c.Close()
		}
	}()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	res := modtest.Run(target.NewFake(), call("port", port, "search_regex", `version=(?P<v>\d+)`), "wait_for")
	if value.Truth(res.At("failed")) || value.Repr(res.At("match_groupdict")) != "{}" { // groups are told of files only
		t.Errorf("got %s", value.Repr(res))
	}
	res = modtest.Run(target.NewFake(), call("port", port, "search_regex", "version=8", "timeout", 0), "wait_for")
	if !value.Truth(res.At("failed")) {
		t.Errorf("the port did not say that: %s", value.Repr(res))
	}
	_, closed, _ := net.SplitHostPort(freePort(t))
	if res := modtest.Run(target.NewFake(), call("port", closed, "state", "stopped"), "wait_for"); value.Truth(res.At("failed")) {
		t.Errorf("a closed port is not stopped: %s", value.Repr(res))
	}
	res = modtest.Run(target.NewFake(), call("port", closed, "timeout", 0, "msg", "too late"), "wait_for")
	if got := value.String(res.At("msg")); got != "too late" {
		t.Errorf("got %q", got)
	}
}

func TestWaitForFile(t *testing.T) {
	h := target.NewFake()
	h.Write("/log", "a\nready on 80\n")
	res := modtest.Run(h, call("path", "/log", "search_regex", `^ready on (\d+)`), "wait_for")
	if got := value.Repr(res.At("match_groups")); got != "['80']" {
		t.Errorf("got %s", value.Repr(res))
	}
	res = modtest.Run(h, call("path", "/log", "state", "absent", "timeout", 0), "wait_for")
	if got := value.String(res.At("msg")); got != "Timeout when waiting for /log to be absent." {
		t.Errorf("got %q", got)
	}
}
