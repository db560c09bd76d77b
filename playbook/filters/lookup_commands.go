package filters

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"drover/modules/netrc"
	"drover/playbook/value"
)

// commandLookups ask commands and web servers.
var commandLookups = []entry{
	{"pipe", "*terms **options", pipeLookup, impure},
	{"lines", "*terms **options", linesLookup, impure},
	{"url", "*terms split_lines? username? password? headers? validate_certs? timeout? http_agent? follow_redirects? use_netrc? **options", urlLookup, impure},
}

// shell runs a command line on the controller and gives what it printed.
func (a *args) shell(lookup, command string) (string, error) {
	cmd := exec.Command("/bin/sh", "-c", command)
	cmd.Dir = a.host().PlaybookDir()
	out, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		msg := fmt.Sprintf("lookup_plugin.%s(%s) returned %d", lookup, command, exit.ExitCode())
		if text := strings.TrimSpace(string(exit.Stderr)); text != "" {
			msg += ": " + text
		}
		return "", errors.New(msg)
	case err != nil:
		return "", fmt.Errorf("can't run '%s' on the controller: %w", command, err)
	}
	return string(out), nil
}

func pipeLookup(a *args) (value.Value, error) {
	out := value.NewList()
	for _, command := range a.terms() {
		s, err := a.shell("pipe", command)
		if err != nil {
			return nil, err
		}
		out.Append(value.Str(strings.TrimRight(s, "\r\n")))
	}
	return out, a.err
}

func linesLookup(a *args) (value.Value, error) {
	out := value.NewList()
	for _, command := range a.terms() {
		s, err := a.shell("lines", command)
		if err != nil {
			return nil, err
		}
		out.Append(value.Strings(splitLines(s)...).Elems...)
	}
	return out, a.err
}

// splitLines splits at line ends; one at the very end starts no line.
func splitLines(s string) []string {
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(s)
	s = strings.TrimSuffix(s, "\n")
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// maxDownload bounds what the url lookup reads.
const maxDownload = 256 << 20

// urlVariables are the options of url that variables and the environment can
// give too, by how their names end there.
var urlVariables = map[string]string{"http_agent": "agent", "timeout": "timeout", "follow_redirects": "follow_redirects", "use_netrc": "use_netrc"}

// fromVariables takes the options that the call does not give from variables,
// then from the environment.
func (a *args) fromVariables(prefix string, names map[string]string) error {
	for option, name := range names {
		i := a.sig.index(option)
		if a.vals[i] != nil {
			continue
		}
		v, ok, err := a.call.Ctx.Lookup(prefix + name)
		if err != nil {
			return err
		}
		if text, set := os.LookupEnv(strings.ToUpper(prefix + name)); !ok && set {
			v, ok = value.Str(text), true
		}
		if ok {
			a.vals[i] = v
		}
	}
	return nil
}

func urlLookup(a *args) (value.Value, error) {
	if err := a.fromVariables("ansible_lookup_url_", urlVariables); err != nil {
		return nil, err
	}
	out := value.NewList()
	for _, url := range a.terms() {
		body, err := a.fetch(url)
		if err != nil {
			return nil, err
		}
		if a.on("split_lines", true) {
			out.Append(value.Strings(splitLines(body)...).Elems...)
		} else {
			out.Append(value.Str(body))
		}
	}
	return out, a.err
}

func (a *args) fetch(url string) (string, error) {
	timeout := 10.0
	if a.has("timeout") {
		seconds, err := strconv.ParseFloat(a.text("timeout"), 64)
		if err != nil {
			return "", fmt.Errorf("the option 'timeout' must be a number of seconds, not '%s'", a.text("timeout"))
		}
		timeout = seconds
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(timeout*float64(time.Second)))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", fmt.Errorf("Failed lookup url for %s : %w", url, err)
	}
	req.Header.Set("User-Agent", a.strOr("http_agent", "ansible-httpget"))
	if a.has("headers") {
		for _, e := range a.mapping("headers").Entries() {
			req.Header.Set(value.String(e.Key), value.String(e.Val))
		}
	}
	if user, password := a.login(req.URL.Hostname()); user != "" {
		req.SetBasicAuth(user, password)
	}
	resp, err := a.client().Do(req)
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return "", fmt.Errorf("Error validating the server's certificate for %s: %w", url, untrusted.Err)
	}
	if err != nil {
		return "", fmt.Errorf("Failed lookup url for %s : %w", url, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return "", fmt.Errorf("Received HTTP error for %s : HTTP Error %s", url, resp.Status)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxDownload))
	if err != nil {
		return "", fmt.Errorf("Failed lookup url for %s : %w", url, err)
	}
	return string(body), nil
}

// login gives the user and password for a host: the given ones, or those in
// the user's netrc file.
func (a *args) login(host string) (user, password string) {
	if a.has("username") {
		return a.str("username"), a.strOr("password", "")
	}
	if !a.on("use_netrc", true) {
		return "", ""
	}
	file := os.Getenv("NETRC")
	if file == "" {
		file = filepath.Join(os.Getenv("HOME"), ".netrc")
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return "", ""
	}
	return netrc.Login(string(data), host)
}

func (a *args) client() *http.Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	if !a.on("validate_certs", true) {
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
	}
	c := &http.Client{Transport: transport}
	if f := a.strOr("follow_redirects", "urllib2"); f == "none" || f == "no" {
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return c
}

func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}
