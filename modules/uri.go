package modules

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"drover/modules/target"
	"drover/playbook/value"
)

type uriArgs struct {
	httpArgs
	User          string      `arg:"url_username" alias:"user" doc:"User name for the server."`
	Password      string      `arg:"url_password" alias:"password" nolog:"true" doc:"Password for the server."`
	Method        string      `arg:"method" default:"GET" doc:"HTTP method, in capitals."`
	Body          value.Value `arg:"body" type:"raw" doc:"What to send: text, or data that body_format turns into text."`
	BodyFormat    string      `arg:"body_format" default:"raw" choices:"form-urlencoded,json,raw,form-multipart" doc:"How data in body becomes text; sets the Content-Type too."`
	Src           string      `arg:"src" type:"path" doc:"File whose contents are sent instead of body."`
	RemoteSrc     bool        `arg:"remote_src" default:"false" doc:"src is on the host and not on the controller."`
	Dest          string      `arg:"dest" type:"path" doc:"File or folder on the host for the answer's contents."`
	ReturnContent bool        `arg:"return_content" default:"false" doc:"Return the answer's contents, whatever they are."`
	Follow        string      `arg:"follow_redirects" default:"safe" choices:"all,no,none,safe,urllib2,yes" doc:"Which redirects to follow: all, those of GET and HEAD (safe), none, or as old Python did (urllib2: the next request is always a GET)."`
	Creates       string      `arg:"creates" type:"path" doc:"Do nothing where this file is there."`
	Removes       string      `arg:"removes" type:"path" doc:"Do nothing where this file is not there."`
	StatusCode    []int       `arg:"status_code" default:"200" doc:"The status codes that count as success."`
	Timeout       int         `arg:"timeout" default:"30" doc:"Seconds to wait for the answer."`
	Headers       *value.Dict `arg:"headers" doc:"Headers to send."`
	UnixSocket    string      `arg:"unix_socket" type:"path" doc:"Socket on the host to connect to instead of the URL's host."`
	CAPath        string      `arg:"ca_path" type:"path" doc:"PEM file with the certificates to trust."`
	FileArgs
}

// uriModule talks to a web server from the host. Unlike most modules it makes
// no state true, so it reports a change only where it writes dest.
func uriModule() Module {
	return Define(Spec{
		Name:    "ansible.builtin.uri",
		Summary: "Send an HTTP request from the host",
		Doc: "Sends one request and checks the answer's status. The answer's headers become keys of the result in lower case with underscores; " +
			"an answer in JSON is decoded into json. Kerberos (use_gssapi) is not available.",
		Examples: "- name: Wait until the service is healthy\n  ansible.builtin.uri:\n    url: http://localhost:8080/health\n  register: health\n  until: health.status == 200\n  retries: 10\n\n" +
			"- name: Create an entry\n  ansible.builtin.uri:\n    url: https://api.example.org/items\n    method: POST\n    body_format: json\n    body: {name: drover}\n    status_code: [200, 201]\n",
		Returns: []Return{
			{"status", "int", "always", "The answer's status, -1 where there was none."},
			{"url", "str", "always", "The URL that answered, after redirects."},
			{"redirected", "bool", "on success", "Whether that is another one."},
			{"elapsed", "int", "always", "Seconds it took."},
			{"json", "raw", "when the answer is JSON", "The answer, decoded."},
			{"content", "str", "when return_content or the status is not expected", "The answer's contents."},
			{"path", "str", "when dest", "The file written."},
		},
		KeepKeys: []string{"msg", "failed", "changed", "stdout", "stderr", "rc", "elapsed", "path", "location", "content", "content_type",
			"warnings", "deprecations", "exception", "skipped"},
	}, runURI)
}

func runURI(ctx context.Context, h target.Host, c *Call, a *uriArgs) (*Result, error) {
	if a.Creates != "" && anyMatch(h, a.Creates) {
		return new(Result).Set("stdout", "skipped, since '"+a.Creates+"' exists"), nil
	}
	if a.Removes != "" && !anyMatch(h, a.Removes) {
		return new(Result).Set("stdout", "skipped, since '"+a.Removes+"' does not exist"), nil
	}
	a.Method = strings.ToUpper(a.Method)
	if strings.Trim(a.Method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" || a.Method == "" {
		return nil, Failf("Parameter 'method' needs to be a single word in uppercase, like GET or POST.")
	}
	headers := a.Headers.Clone()
	body, err := a.encodeBody(h, headers)
	if err != nil {
		return nil, err
	}
	client, err := newHTTPClient(h, &a.httpArgs, a.options(headers))
	if err != nil {
		return nil, err
	}
	return a.exchange(ctx, h, c, client, body)
}

func (a *uriArgs) options(headers *value.Dict) httpOptions {
	follow := map[string]string{"yes": "all", "all": "all", "no": "none", "none": "none", "safe": "safe", "urllib2": "urllib2"}
	return httpOptions{
		user: a.User, password: a.Password, follow: follow[a.Follow],
		timeout: time.Duration(a.Timeout) * time.Second, unixSocket: a.UnixSocket, caPath: a.CAPath, headers: headers,
	}
}

// exchange sends the request and reports the answer.
func (a *uriArgs) exchange(ctx context.Context, h target.Host, c *Call, client *httpClient, body string) (*Result, error) {
	start := time.Now()
	resp, err := client.do(ctx, a.Method, a.URL, body, a.destTime(h))
	elapsed := int(time.Since(start).Seconds())
	var bad addressError
	if errors.As(err, &bad) {
		return nil, FailWith(value.DictOf("status", -1, "url", a.URL), "%s", bad)
	}
	if err != nil {
		data := value.DictOf("elapsed", elapsed, "redirected", false, "status", -1, "url", a.URL)
		return a.verdict(&Result{Data: data}, -1, httpProblem(err), "")
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, Failf("reading the answer of %s failed: %w", a.URL, err)
	}
	text := bodyText(content, resp.Header.Get("Content-Type"))
	res := a.describe(resp, client, elapsed)
	if a.Dest != "" {
		if err := a.keep(ctx, h, c, res, resp, content); err != nil {
			return nil, err
		}
	}
	expected := slices.Contains(a.StatusCode, resp.StatusCode)
	switch {
	case isJSONType(resp.Header.Get("Content-Type")):
		if v, err := value.ParseJSON([]byte(text)); err == nil {
			res.Set("json", v)
		}
	case !answered(resp) && expected && !a.ReturnContent:
		res.Set("body", text)
	}
	msg := okMessage(resp)
	if client.looped {
		msg += fmt.Sprintf(" (stopped after %d redirects)", client.redirects)
	}
	return a.verdict(res, resp.StatusCode, msg, text)
}

// bodyText gives an answer's contents as text, by the encoding that the server
// names.
func bodyText(content []byte, contentType string) string {
	_, params, err := mime.ParseMediaType(contentType)
	switch strings.ReplaceAll(strings.ToLower(params["charset"]), "_", "-") {
	case "latin-1", "latin1", "iso-8859-1", "iso8859-1":
		if err == nil {
			runes := make([]rune, len(content))
			for i, b := range content {
				runes[i] = rune(b)
			}
			return string(runes)
		}
	}
	return string(content)
}

// describe gives the answer's keys: what Ansible tells itself, then headers
// with underscores.
func (a *uriArgs) describe(resp *http.Response, client *httpClient, elapsed int) *Result {
	final := a.URL
	if plain, _, _ := withoutLogin(a.URL, "", ""); answered(resp) && (client.redirects > 0 || plain != a.URL) {
		final = resp.Request.URL.String()
	}
	res := &Result{Data: value.DictOf("redirected", final != a.URL, "url", final, "status", resp.StatusCode, "elapsed", elapsed)}
	if answered(resp) {
		setCookies(res, resp)
	}
	for _, e := range headerKeys(resp).Entries() {
		res.Set(strings.ReplaceAll(value.String(e.Key), "-", "_"), e.Val)
	}
	if to := resp.Header.Get("Location"); to != "" {
		if u, err := resp.Request.URL.Parse(to); err == nil {
			res.Set("location", u.String())
		}
	}
	return res
}

func setCookies(res *Result, resp *http.Response) {
	cookies, texts := value.NewDict(0), []string{}
	for _, k := range resp.Cookies() {
		cookies.Put(k.Name, value.Str(k.Value))
		texts = append(texts, k.Name+"="+k.Value)
	}
	res.Set("cookies", cookies).Set("cookies_string", strings.Join(texts, "; "))
}

// verdict says whether the status is one that was hoped for.
func (a *uriArgs) verdict(res *Result, status int, msg, content string) (*Result, error) {
	expected := slices.Contains(a.StatusCode, status)
	if a.ReturnContent || !expected && content != "" {
		res.Set("content", content)
	}
	res.Msg = msg
	if !expected {
		res.Failed, res.Changed = true, false
		res.Msg = "Status code was " + value.Repr(value.Int(status)) + " and not " + codesText(a.StatusCode) + ": " + msg
	}
	return res, nil
}

func codesText(codes []int) string {
	list := value.NewList()
	for _, c := range codes {
		list.Append(value.Int(c))
	}
	return value.Repr(list)
}

func isJSONType(contentType string) bool {
	mediaType, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	_, sub, _ := strings.Cut(mediaType, "/")
	return strings.Contains(sub, "json") || strings.Contains(sub, "javascript")
}

// destTime is when dest was last written, so that the server need not send it
// again.
func (a *uriArgs) destTime(h target.Host) time.Time {
	if a.Dest == "" || a.Force {
		return time.Time{}
	}
	if info, err := h.Stat(a.Dest); err == nil && !info.IsDir() {
		return info.ModTime
	}
	return time.Time{}
}

// keep writes the contents of an answer that was hoped for to dest, in a folder
// under the URL's file name. That is a change even when dest had them.
func (a *uriArgs) keep(ctx context.Context, h target.Host, c *Call, res *Result, resp *http.Response, content []byte) error {
	dest := a.Dest
	if isDir(h, dest) {
		dest = path.Join(dest, cmp.Or(responseFileName(resp, true), "index.html"))
	}
	if resp.StatusCode != http.StatusNotModified && slices.Contains(a.StatusCode, resp.StatusCode) {
		if old, err := h.ReadFile(dest); err != nil || sha1Hex(old) != sha1Hex(content) {
			if err := replaceContent(h, dest, content); err != nil {
				return FailWith(res.Data, "failed to copy the answer to %s: %w. %s", dest, notReplaced(h, dest, err), okMessage(resp))
			}
		}
		res.Changed = true
		if _, err := a.Apply(ctx, h, c, dest, nil); err != nil {
			return err
		}
	}
	res.Set("path", dest)
	return nil
}

// notReplaced words why a file could not be put in place.
func notReplaced(h target.Host, dest string, err error) error {
	const mayWrite = 2
	dir := path.Dir(dest)
	if _, missing := h.Stat(dir); missing == nil && h.Access(dir, mayWrite) != nil {
		return Failf("The destination directory '%s' is not writable by the current user", dir)
	}
	return Failf("Could not replace '%s' with the answer: %w", dest, errnoText(err))
}

// replaceContent replaces a file atomically; owner and mode of a file that is
// there stay.
func replaceContent(h target.Host, dest string, content []byte) error {
	f, err := h.Create(dest, 0o644)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.Commit()
}

// responseFileName is the name that the server or the URL gives the contents,
// "" for none; plain turns the URL's %20 into a space.
func responseFileName(resp *http.Response, plain bool) string {
	for _, part := range strings.Split(resp.Header.Get("Content-Disposition"), ";") {
		key, name, ok := strings.Cut(strings.TrimSpace(part), "=")
		if ok && strings.EqualFold(key, "filename") {
			return path.Base(strings.Trim(name, `"`))
		}
	}
	name := path.Base(resp.Request.URL.EscapedPath())
	if name == "/" || name == "." {
		return ""
	}
	if text, err := url.PathUnescape(name); plain && err == nil {
		return path.Base(text)
	}
	return name
}
