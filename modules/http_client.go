package modules

import (
	"cmp"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"drover/modules/netrc"
	"drover/modules/target"
	"drover/playbook/value"
)

// httpArgs are the arguments of every module that fetches from a URL.
type httpArgs struct {
	URL            string   `arg:"url" required:"true" doc:"Where to: http or https, with user:password@ in front of the host where wanted."`
	Force          bool     `arg:"force" default:"false" doc:"Ask caches for a fresh copy; get_url downloads even where the file is there."`
	Agent          string   `arg:"http_agent" default:"ansible-httpget" doc:"The User-Agent header."`
	UseProxy       bool     `arg:"use_proxy" default:"true" doc:"Obey the proxy variables of the host's environment."`
	ValidateCerts  bool     `arg:"validate_certs" default:"true" doc:"Refuse servers whose certificate cannot be verified."`
	ForceBasicAuth bool     `arg:"force_basic_auth" default:"false" doc:"Send user and password with the first request instead of waiting for a refusal."`
	ClientCert     string   `arg:"client_cert" type:"path" doc:"PEM file with a client certificate, and its key where client_key is not given."`
	ClientKey      string   `arg:"client_key" type:"path" doc:"PEM file with the key of the client certificate."`
	UseGSSAPI      bool     `arg:"use_gssapi" default:"false" doc:"Not available: there is no Kerberos in the runner."`
	Unredirected   []string `arg:"unredirected_headers" default:"" doc:"Headers that are not sent again after a redirect."`
	Decompress     bool     `arg:"decompress" default:"true" doc:"Unpack answers that are compressed with gzip."`
	Ciphers        []string `arg:"ciphers" doc:"Names of the TLS cipher suites allowed up to TLS 1.2."`
	UseNetrc       bool     `arg:"use_netrc" default:"true" doc:"Take user and password from ~/.netrc where none are given."`
}

// httpOptions are the choices that only some modules offer.
type httpOptions struct {
	user, password string
	follow         string // all, safe, none, urllib2
	timeout        time.Duration
	unixSocket     string
	caPath         string
	headers        *value.Dict
}

// httpClient sends the requests of one call.
type httpClient struct {
	args      *httpArgs
	opts      httpOptions
	client    *http.Client
	redirects int
	looped    bool // the server redirects without end
}

const maxRedirects = 10

func newHTTPClient(h target.Host, a *httpArgs, o httpOptions) (*httpClient, error) {
	if a.UseGSSAPI {
		return nil, Failf("use_gssapi is not supported: the runner has no Kerberos; use url_username and url_password or a client certificate")
	}
	if o.user == "" && a.UseNetrc {
		o.user, o.password = netrcLogin(h, a.URL)
	}
	tlsConfig, err := a.tlsConfig(h, o.caPath)
	if err != nil {
		return nil, err
	}
	// Ansible never asks for compressed answers, but unpacks what comes so.
	transport := &http.Transport{TLSClientConfig: tlsConfig, DisableCompression: true}
	if a.UseProxy {
		transport.Proxy = func(req *http.Request) (*url.URL, error) { return proxyFor(h, req.URL) }
	}
	if o.unixSocket != "" {
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", o.unixSocket)
		}
	}
	c := &httpClient{args: a, opts: o}
	c.client = &http.Client{Transport: transport, Timeout: o.timeout, CheckRedirect: c.redirect}
	return c, nil
}

func (a *httpArgs) tlsConfig(h target.Host, caPath string) (*tls.Config, error) {
	config := &tls.Config{InsecureSkipVerify: !a.ValidateCerts}
	if caPath != "" {
		pem, err := h.ReadFile(caPath)
		if err != nil {
			return nil, Failf("can't read ca_path %s: %w", caPath, reason(err))
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, Failf("ca_path %s holds no certificate in PEM form", caPath)
		}
	}
	for _, suite := range tls.CipherSuites() {
		if slices.Contains(a.Ciphers, suite.Name) {
			config.CipherSuites = append(config.CipherSuites, suite.ID)
		}
	}
	if a.ClientCert == "" {
		return config, nil
	}
	cert, err := h.ReadFile(a.ClientCert)
	if err != nil {
		return nil, Failf("can't read client_cert %s: %w", a.ClientCert, reason(err))
	}
	key := cert
	if a.ClientKey != "" {
		if key, err = h.ReadFile(a.ClientKey); err != nil {
			return nil, Failf("can't read client_key %s: %w", a.ClientKey, reason(err))
		}
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, Failf("client_cert %s cannot be used: %w", a.ClientCert, err)
	}
	config.Certificates = []tls.Certificate{pair}
	return config, nil
}

// do sends a request, a second time with user and password where the server
// asks for them.
func (c *httpClient) do(ctx context.Context, method, address, body string, modifiedSince time.Time) (*http.Response, error) {
	address, user, password := withoutLogin(address, c.opts.user, c.opts.password)
	if err := checkAddress(address); err != nil {
		return nil, err
	}
	send := func(login func(*http.Request)) (*http.Response, error) {
		req, err := c.request(ctx, method, address, body, modifiedSince)
		if err != nil {
			return nil, err
		}
		login(req)
		return c.send(req)
	}
	basic := func(req *http.Request) { req.SetBasicAuth(user, password) }
	if user != "" && c.args.ForceBasicAuth {
		return send(basic)
	}
	resp, err := send(func(*http.Request) {})
	if err != nil || resp.StatusCode != http.StatusUnauthorized || user == "" {
		return resp, err
	}
	resp.Body.Close()
	if d := digestChallenge(resp); d != nil {
		return send(func(req *http.Request) { req.Header.Set("Authorization", d.answer(req, user, password)) })
	}
	return send(basic)
}

// send sends one request and unpacks a good answer.
func (c *httpClient) send(req *http.Request) (*http.Response, error) {
	resp, err := c.client.Do(req)
	if err != nil || !c.args.Decompress || !answered(resp) || !strings.EqualFold(resp.Header.Get("Content-Encoding"), "gzip") {
		return resp, err
	}
	resp.Body = &unzipped{packed: resp.Body}
	return resp, nil
}

// unzipped is the body of an answer that came compressed.
type unzipped struct {
	packed io.ReadCloser
	plain  *gzip.Reader // made when first read: an answer may have no body
}

// Read implements io.Reader.
func (u *unzipped) Read(p []byte) (int, error) {
	if u.plain == nil {
		plain, err := gzip.NewReader(u.packed)
		if err != nil {
			return 0, err
		}
		u.plain = plain
	}
	return u.plain.Read(p)
}

// Close implements io.Closer.
func (u *unzipped) Close() error { return u.packed.Close() }

// answered reports whether the server gave what was asked for.
func answered(resp *http.Response) bool { return resp.StatusCode >= 200 && resp.StatusCode < 300 }

// addressError is a URL that can't be asked.
type addressError string

func (e addressError) Error() string { return string(e) }

// checkAddress refuses what is no URL.
func checkAddress(address string) error {
	scheme, _, ok := strings.Cut(address, ":")
	if !ok || strings.ContainsAny(scheme, "/?#.") {
		return addressError("unknown url type: " + value.Repr(value.Str(address)))
	}
	if i := strings.IndexFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }); i >= 0 {
		return fmt.Errorf("URL can't contain control characters. %s (found at least %s)",
			value.Repr(value.Str(address)), value.Repr(value.Str(address[i:i+1])))
	}
	return nil
}

func (c *httpClient) request(ctx context.Context, method, address, body string, since time.Time) (*http.Request, error) {
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return nil, err
	}
	req.Close = true
	req.Header.Set("User-Agent", c.args.Agent)
	req.Header.Set("Accept-Encoding", "identity")
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if c.args.Force {
		req.Header.Set("Cache-Control", "no-cache")
	} else if !since.IsZero() {
		req.Header.Set("If-Modified-Since", since.UTC().Format(http.TimeFormat))
	}
	for _, e := range c.opts.headers.Entries() {
		name, val := value.String(e.Key), value.String(e.Val)
		if strings.EqualFold(name, "host") {
			req.Host = val
		}
		req.Header.Set(name, val)
	}
	return req, nil
}

// proxyFor gives the proxy that the task's environment names for a URL, nil for
// none.
func proxyFor(h target.Host, u *url.URL) (*url.URL, error) {
	variable := func(name string) string {
		return cmp.Or(h.Getenv(strings.ToLower(name)), h.Getenv(strings.ToUpper(name)))
	}
	proxy := cmp.Or(variable(u.Scheme+"_proxy"), variable("all_proxy"))
	if proxy == "" || u.Hostname() == "localhost" || strings.HasPrefix(u.Hostname(), "127.") {
		return nil, nil
	}
	for _, domain := range strings.Split(variable("no_proxy"), ",") {
		domain = strings.TrimPrefix(strings.TrimSpace(domain), ".")
		if domain == "*" || domain != "" && (u.Hostname() == domain || strings.HasSuffix(u.Hostname(), "."+domain)) {
			return nil, nil
		}
	}
	if !strings.Contains(proxy, "://") {
		proxy = "http://" + proxy
	}
	return url.Parse(proxy)
}

// redirect decides whether a redirect is followed: "safe" follows only what
// changes nothing on the server.
func (c *httpClient) redirect(req *http.Request, via []*http.Request) error {
	method, ok := redirected(c.opts.follow, via[len(via)-1].Method, req)
	if !ok {
		return http.ErrUseLastResponse
	}
	req.Method = method
	if len(via) > maxRedirects {
		c.looped = true
		return http.ErrUseLastResponse
	}
	req.Close = true
	req.Header.Del("Referer")
	if req.ContentLength == 0 {
		req.Header.Del("Content-Type")
	}
	for _, name := range c.args.Unredirected {
		req.Header.Del(name)
	}
	c.redirects = len(via)
	return nil
}

// redirected gives the method of the next request, req, after one with another
// method was redirected; ok is false where that is not followed. urllib2 always
// goes on with a GET, and repeats no body.
func redirected(follow, method string, req *http.Request) (next string, ok bool) {
	code := req.Response.StatusCode
	reads := method == http.MethodGet || method == http.MethodHead
	switch {
	case follow == "none", follow == "safe" && !reads:
		return "", false
	case follow == "urllib2":
		return http.MethodGet, reads || method == http.MethodPost && code < http.StatusTemporaryRedirect
	case code == http.StatusMovedPermanently && method != http.MethodPost:
		return method, true
	}
	return req.Method, true
}

// withoutLogin takes user:password@ out of a URL; arguments win over it.
func withoutLogin(address, user, password string) (string, string, string) {
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return address, user, password
	}
	if user == "" {
		user = u.User.Username()
		password, _ = u.User.Password()
	}
	u.User = nil
	return u.String(), user, password
}

// netrcLogin finds the login of the URL's host in ~/.netrc.
func netrcLogin(h target.Host, address string) (user, password string) {
	u, err := url.Parse(address)
	file := h.Getenv("NETRC")
	if file == "" {
		file = h.Getenv("HOME") + "/.netrc"
	}
	data, readErr := h.ReadFile(file)
	if err != nil || readErr != nil {
		return "", ""
	}
	return netrc.Login(string(data), u.Hostname())
}

// httpProblem words a request that got no answer.
func httpProblem(err error) string {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	var ne net.Error
	if errors.As(err, &ne) && ne.Timeout() {
		return "Connection failure: timed out"
	}
	if msg := untrusted(err); msg != "" {
		return msg
	}
	var bad addressError
	switch {
	case errors.As(err, &bad):
		return string(bad)
	case errors.Is(err, io.EOF):
		return "Connection failure: Remote end closed connection without response"
	case errors.Is(err, syscall.ECONNRESET):
		return "Connection failure: " + linkProblem(err)
	}
	return fmt.Sprintf("Request failed: <urlopen error %s>", linkProblem(err))
}

// linkProblem words why no connection came about, with the number of the
// system's error where there is one.
func linkProblem(err error) string {
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return "[Errno -2] Name or service not known: " + dns.Name
	}
	var no syscall.Errno
	if errors.As(err, &no) {
		return fmt.Sprintf("[Errno %d] %s", int(no), errnoText(no))
	}
	return err.Error()
}

// untrusted words the failure to verify a server's certificate, "" for others.
func untrusted(err error) string {
	var cert *tls.CertificateVerificationError
	if !errors.As(err, &cert) {
		return ""
	}
	return fmt.Sprintf("Failed to validate the SSL certificate: certificate verify failed: %v. Install the CA's certificate on the host, "+
		"name it with ca_path, or set validate_certs to no", cert.Err)
}

// headerKeys turns a response's headers into result keys: lower case, and the
// values of one name joined.
func headerKeys(resp *http.Response) *value.Dict {
	names := make([]string, 0, len(resp.Header))
	for name := range resp.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	d := value.NewDict(len(names) + 4)
	for _, name := range names {
		d.Put(strings.ToLower(name), value.Str(strings.Join(resp.Header[name], ", ")))
	}
	if resp.ContentLength >= 0 && resp.Header.Get("Content-Length") == "" {
		d.Put("content-length", value.Str(fmt.Sprint(resp.ContentLength)))
	}
	return d
}

// okMessage is the msg of an answer.
func okMessage(resp *http.Response) string {
	if !answered(resp) {
		return fmt.Sprintf("HTTP Error %d: %s", resp.StatusCode, reasonPhrase(resp))
	}
	size := "unknown"
	if resp.ContentLength >= 0 {
		size = fmt.Sprint(resp.ContentLength)
	}
	return fmt.Sprintf("OK (%s bytes)", size)
}

// reasonPhrase gives what the server calls the status, else what all do.
func reasonPhrase(resp *http.Response) string {
	if _, phrase, ok := strings.Cut(resp.Status, " "); ok && phrase != "" {
		return phrase
	}
	return http.StatusText(resp.StatusCode)
}

// downloadFile fetches a URL into a file with the usual settings.
func downloadFile(ctx context.Context, h target.Host, address, file string, timeout time.Duration) error {
	args := &httpArgs{URL: address, Agent: "ansible-httpget", UseProxy: true, ValidateCerts: true, Decompress: true, UseNetrc: true}
	c, err := newHTTPClient(h, args, httpOptions{follow: "all", timeout: timeout})
	if err != nil {
		return err
	}
	resp, err := c.do(ctx, http.MethodGet, address, "", time.Time{})
	if err != nil {
		return errors.New(httpProblem(err))
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return errors.New(okMessage(resp))
	}
	f, err := h.Create(file, 0o644)
	if err != nil {
		return err
	}
	defer f.Abort()
	if _, err := io.Copy(f, resp.Body); err != nil {
		return err
	}
	return f.Commit()
}
