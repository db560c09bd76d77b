package modules

import (
	"cmp"
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	"drover/internal/lazyre"
	"drover/modules/checksum"
	"drover/modules/target"
	"drover/playbook/value"
)

type getURLArgs struct {
	httpArgs
	User     string      `arg:"url_username" alias:"username" doc:"User name for the server."`
	Password string      `arg:"url_password" alias:"password" nolog:"true" doc:"Password for the server."`
	Dest     string      `arg:"dest" type:"path" required:"true" doc:"File or folder on the host; in a folder the file is called as the server or the URL says."`
	Backup   bool        `arg:"backup" default:"false" doc:"Keep a copy of the file that is replaced."`
	Checksum string      `arg:"checksum" default:"" doc:"algorithm:digest, or algorithm:URL of a file with digests. A file that fits is not fetched again."`
	Timeout  int         `arg:"timeout" default:"10" doc:"Seconds to wait for the server."`
	Headers  *value.Dict `arg:"headers" doc:"Headers to send."`
	TmpDest  string      `arg:"tmp_dest" type:"path" doc:"Must be a folder where given; the download itself grows beside dest, so that it can take its place at once."`
	FileArgs
}

// getURLModule downloads a file. The contents go straight into a file beside
// dest that takes its place only when they are complete and fit the checksum.
func getURLModule() Module {
	return Define(Spec{
		Name:    "ansible.builtin.get_url",
		Summary: "Download a file to the host",
		Doc: "Fetches a file by HTTP, HTTPS or a file:// URL. Without force, a file that is there is fetched only when the server's is newer " +
			"or its checksum is another; a wrong checksum of what came leaves the old file untouched.",
		Check: CheckFull,
		Examples: "- name: A release, checked\n  ansible.builtin.get_url:\n    url: https://example.org/tool-1.2.tar.gz\n    dest: /opt/tool.tar.gz\n" +
			"    checksum: sha256:https://example.org/SHA256SUMS\n    mode: '0644'\n",
		Returns: []Return{
			{"dest", "str", "always", "Where the file is."},
			{"checksum_src", "str", "when fetched", "SHA-1 of what came."},
			{"checksum_dest", "str", "when fetched", "SHA-1 of the file that was there."},
			{"md5sum", "str", "when fetched", "MD5 of the file."},
			{"status_code", "int", "when asked", "The server's status."},
			{"backup_file", "str", "when backup", "The copy of the old file."},
			{"elapsed", "int", "always", "Seconds it took."},
		},
	}, runGetURL)
}

// getURL is one use of the module.
type getURL struct {
	*getURLArgs
	h      target.Host
	c      *Call
	client *httpClient
	algo   string
	digest string // wanted, "" when any will do
	check  hash.Hash
	res    *Result
}

func runGetURL(ctx context.Context, h target.Host, c *Call, a *getURLArgs) (*Result, error) {
	switch {
	case a.TmpDest == "" || isDir(h, a.TmpDest):
	case exists(h, a.TmpDest):
		return nil, Failf("%s is a file but should be a directory.", a.TmpDest)
	default:
		return nil, Failf("%s directory does not exist.", a.TmpDest)
	}
	client, err := newHTTPClient(h, &a.httpArgs, httpOptions{
		user: a.User, password: a.Password, follow: "all", timeout: 0, headers: a.Headers,
	})
	if err != nil {
		return nil, err
	}
	g := &getURL{getURLArgs: a, h: h, c: c, client: client, res: &Result{}}
	g.res.Set("checksum_dest", nil).Set("checksum_src", nil).Set("dest", a.Dest).Set("elapsed", 0).Set("url", a.URL)
	if err := g.wantedDigest(ctx); err != nil {
		return nil, err
	}
	since, done, err := g.present(ctx)
	if err != nil || done {
		return g.res, err
	}
	return g.fetch(ctx, since)
}

// present looks at the file that is there; done when it need not be fetched.
func (g *getURL) present(ctx context.Context) (since time.Time, done bool, err error) {
	info, err := g.h.Stat(g.Dest)
	if err != nil || info.IsDir() || g.Force {
		return time.Time{}, false, nil
	}
	if g.digest == "" {
		return info.ModTime, false, nil
	}
	now, err := sumFile(g.h, g.Dest, g.algo)
	if err != nil {
		return time.Time{}, false, err
	}
	if now != g.digest {
		g.Force = true
		return time.Time{}, false, nil
	}
	g.res.Msg = "file already exists"
	g.res.Changed, err = g.Apply(ctx, g.h, g.c, g.Dest, nil)
	if g.res.Changed {
		g.res.Msg = "file already exists but file attributes changed"
	}
	return time.Time{}, true, err
}

func (g *getURL) fetch(ctx context.Context, since time.Time) (*Result, error) {
	method := http.MethodGet
	if g.c.Check {
		method = http.MethodHead
	}
	start := time.Now()
	resp, err := g.open(ctx, method, g.URL, since)
	if err != nil {
		if msg := untrusted(err); msg != "" {
			return nil, FailWith(g.res.Data, "%s", msg)
		}
		return nil, g.noAnswer(g.URL, err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified:
		return g.unmodified(resp), nil
	case resp.StatusCode != http.StatusOK:
		return nil, g.failed(g.URL, resp)
	}
	if isDir(g.h, g.Dest) {
		g.Dest = path.Join(g.Dest, cmp.Or(responseFileName(resp, false), "index.html"))
		g.res.Set("dest", g.Dest)
	}
	if err := g.writable(); err != nil {
		return nil, err
	}
	g.res.Msg = okMessage(resp)
	if g.c.Check {
		if old, err := sumFile(g.h, g.Dest, "sha1"); err == nil {
			g.res.Set("checksum_dest", old)
		}
		came, err := io.ReadAll(resp.Body) // nothing, since only the head was asked for
		if err != nil {
			return nil, g.noAnswer(g.URL, err)
		}
		g.res.Set("checksum_src", sha1Hex(came))
		g.res.Changed = true
		return g.res, nil
	}
	err = g.store(ctx, resp.Body)
	g.res.Set("elapsed", int(time.Since(start).Seconds()))
	return g.res, err
}

// writable refuses a folder that is missing or can't be written to.
func (g *getURL) writable() error {
	const write = 2
	switch dir := path.Dir(g.Dest); {
	case !exists(g.h, dir):
		return FailWith(g.res.Data, "Destination %s does not exist", dir)
	case g.h.Access(dir, write) != nil:
		return FailWith(g.res.Data, "Destination %s is not writable", dir)
	}
	return nil
}

// unmodified is the result when the server says that the file is still what
// it was. Its properties are left as they are, too.
func (g *getURL) unmodified(resp *http.Response) *Result {
	r := &Result{Msg: okMessage(resp)}
	return r.Set("url", g.URL).Set("dest", g.Dest).Set("status_code", resp.StatusCode).Set("elapsed", 0)
}

// open sends a request with the timeout on the way to the first byte.
func (g *getURL) open(ctx context.Context, method, address string, since time.Time) (*http.Response, error) {
	if file, ok := strings.CutPrefix(address, "file://"); ok {
		return openFileURL(g.h, method, file)
	}
	ctx, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(time.Duration(g.Timeout)*time.Second, cancel)
	resp, err := g.client.do(ctx, method, address, "", since)
	if !timer.Stop() && err != nil {
		cancel()
		return nil, context.DeadlineExceeded
	}
	if err != nil {
		cancel()
		return nil, err
	}
	resp.Body = &closing{ReadCloser: resp.Body, also: cancel}
	return resp, nil
}

// closing ends the request's context with its body.
type closing struct {
	io.ReadCloser
	also func()
}

func (c *closing) Close() error {
	defer c.also()
	return c.ReadCloser.Close()
}

func openFileURL(h target.Host, method, file string) (*http.Response, error) {
	info, err := h.Stat(file)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(method, "file://"+file, nil)
	if err != nil {
		return nil, err
	}
	body, err := h.Open(file)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body, ContentLength: info.Size, Request: req}, nil
}

// failed tells of an answer that is not the file.
func (g *getURL) failed(address string, resp *http.Response) error {
	return FailWith(value.DictOf("status_code", resp.StatusCode, "response", okMessage(resp),
		"url", address, "dest", g.Dest, "elapsed", 0), "Request failed")
}

// noAnswer tells of a request that got no answer.
func (g *getURL) noAnswer(address string, err error) error {
	var bad addressError
	if errors.As(err, &bad) {
		return FailWith(value.DictOf("status", -1, "url", address, "elapsed", 0), "%s", bad)
	}
	return FailWith(value.DictOf("url", address, "dest", g.Dest, "elapsed", 0), "%s", httpProblem(err))
}

// store streams the contents beside dest and puts them in place when they are
// complete, right and new.
func (g *getURL) store(ctx context.Context, body io.Reader) error {
	f, err := g.h.Create(g.Dest, 0o644)
	if err != nil {
		return FailWith(g.res.Data, "Destination %s is not writable: %w", path.Dir(g.Dest), reason(err))
	}
	defer f.Abort()
	sum, md := sha1.New(), md5.New()
	if _, err := io.Copy(io.MultiWriter(append([]io.Writer{f, sum, md}, g.checkers()...)...), body); err != nil {
		return FailWith(g.res.Data, "downloading %s failed: %w", g.URL, err)
	}
	src := hex.EncodeToString(sum.Sum(nil))
	g.res.Set("src", f.Name()).Set("checksum_src", src)
	old, err := sumFile(g.h, g.Dest, "sha1")
	exists := err == nil
	if exists {
		g.res.Set("checksum_dest", old)
	}
	if came := g.came(); came != g.digest {
		return FailWith(g.res.Data, "The checksum for %s did not match %s; it was %s.", g.URL, g.digest, came)
	}
	g.res.Set("md5sum", hex.EncodeToString(md.Sum(nil))).Set("status_code", http.StatusOK)
	if !exists || old != src {
		if err := g.replace(f, exists); err != nil {
			return err
		}
	}
	changed, err := g.Apply(ctx, g.h, g.c, g.Dest, nil)
	g.res.Changed = g.res.Changed || changed
	return err
}

// checkers gives the hash that the contents are checked with, if any.
func (g *getURL) checkers() []io.Writer {
	if g.check == nil {
		return nil
	}
	return []io.Writer{g.check}
}

// came gives the digest of what came in the wanted algorithm, "" for none.
func (g *getURL) came() string {
	if g.check == nil {
		return ""
	}
	return hex.EncodeToString(g.check.Sum(nil))
}

func (g *getURL) replace(f target.Replacement, exists bool) error {
	if g.Backup && exists {
		copied, err := backupFile(g.h, g.Dest)
		if err != nil {
			return Failf("could not make a backup of %s: %w", g.Dest, reason(err))
		}
		g.res.Set("backup_file", copied)
	}
	if err := f.Commit(); err != nil {
		return FailWith(g.res.Data, "failed to put the download in place of %s: %w", g.Dest, reason(err))
	}
	g.res.Changed = true
	return nil
}

var noWord = lazyre.New(`\W+`)

// wantedDigest reads checksum, fetching the list of digests where it is a URL.
func (g *getURL) wantedDigest(ctx context.Context) error {
	if g.Checksum == "" {
		return nil
	}
	algo, digest, ok := strings.Cut(g.Checksum, ":")
	if !ok {
		return FailWith(g.res.Data, "The checksum parameter has to be in format <algorithm>:<checksum>")
	}
	if g.check = checksum.New(strings.ToLower(algo)); g.check == nil {
		return Failf("Could not hash with algorithm '%s'. Available algorithms: md5, sha1, sha224, sha256, sha384, sha512", algo)
	}
	if strings.Contains(digest, "://") {
		var err error
		if digest, err = g.listedDigest(ctx, digest); err != nil {
			return err
		}
	}
	g.algo, g.digest = strings.ToLower(algo), strings.ToLower(noWord.ReplaceAllString(digest, ""))
	if strings.Trim(g.digest, "0123456789abcdef") != "" || g.digest == "" {
		return FailWith(g.res.Data, "The checksum format is invalid")
	}
	return nil
}

// listedDigest finds the file's digest in a list such as SHA256SUMS.
func (g *getURL) listedDigest(ctx context.Context, address string) (string, error) {
	resp, err := g.open(ctx, http.MethodGet, address, time.Time{})
	if err != nil {
		return "", g.noAnswer(address, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil || resp.StatusCode != http.StatusOK {
		return "", g.failed(address, resp)
	}
	name := path.Base(strings.SplitN(strings.SplitN(g.URL, "?", 2)[0], "#", 2)[0])
	digest := findDigest(string(text), name)
	if digest == "" {
		return "", Failf("Unable to find a checksum for file '%s' in '%s'", name, address)
	}
	return digest, nil
}

// findDigest looks a file up in a list of digests; a list of one word is that
// digest.
func findDigest(list, name string) string {
	lines := strings.Split(strings.TrimRight(list, "\n"), "\n")
	if len(lines) == 1 && len(strings.Fields(lines[0])) == 1 {
		return strings.TrimSpace(lines[0])
	}
	for _, line := range lines {
		digest, file, ok := strings.Cut(strings.TrimRight(line, "\r"), " ")
		file = strings.TrimLeft(strings.TrimLeft(file, " *"), "./")
		if ok && file == name {
			return digest
		}
	}
	return ""
}
