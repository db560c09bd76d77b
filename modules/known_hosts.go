package modules

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"drover/internal/lazyre"
	"drover/modules/glob"
	"drover/modules/target"
)

type knownHostsArgs struct {
	Name  string `arg:"name" alias:"host" required:"true" doc:"The host, as the key's line names it; with another port than 22: [host]:port."`
	Key   string `arg:"key" doc:"A line of a known_hosts file: the host, the type of key, the key. Needed for state present; without it absent removes all keys of the host."`
	Path  string `arg:"path" type:"path" default:"~/.ssh/known_hosts" doc:"The file to edit."`
	Hash  bool   `arg:"hash_host" default:"false" doc:"Write the host's name hashed."`
	State string `arg:"state" default:"present" choices:"absent,present" doc:"Whether the key is in the file."`
}

// knownHostsModule keeps the keys of other hosts in a known_hosts file. Unlike
// Ansible's it reads the file itself and needs no ssh-keygen.
func knownHostsModule() Module {
	return Define(Spec{
		Name:    "ansible.builtin.known_hosts",
		Summary: "Manage the SSH host keys that a host knows",
		Doc:     "Makes one key of a host be in a known_hosts file, or not be there. A host has one key of each type: another key of the same type is replaced.",
		Check:   CheckFull, Diff: true,
		Examples: "- ansible.builtin.known_hosts:\n    name: git.example.com\n    key: \"{{ lookup('file', 'git.example.com.pub') }}\"\n    path: /etc/ssh/ssh_known_hosts\n",
		Returns: []Return{
			{"path", "str", "always", "The file; name, key, hash_host and state are returned as they were given."},
		},
	}, runKnownHosts)
}

func runKnownHosts(_ context.Context, h target.Host, c *Call, a *knownHostsArgs) (*Result, error) {
	host := strings.ToLower(a.Name)
	wanted, err := a.wanted(host)
	if err != nil {
		return nil, err
	}
	old, err := h.ReadFile(a.Path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, Failf("Failed to read %s: %w", a.Path, reason(err))
	}
	text := a.edit(string(old), host, wanted)
	res := &Result{Changed: text != string(old)}
	if !c.Check {
		res.Set("name", a.Name).Set("key", orNone(a.Key)).Set("path", a.Path).Set("hash_host", a.Hash).Set("state", a.State)
	}
	header := a.Path
	if err != nil {
		header = "/dev/null"
	}
	res.Diff = []Diff{{Before: string(old), After: text, BeforeHeader: header, AfterHeader: a.Path}}
	if !res.Changed || c.Check {
		return res, nil
	}
	if err := replaceContent(h, a.Path, []byte(text)); err != nil {
		return nil, Failf("Failed to write to file %s: %w", a.Path, reason(err))
	}
	return res, nil
}

var hostList = lazyre.New(`\S+\s*,\s*`)

// wanted reads the key that was given, nil when there is none.
func (a *knownHostsArgs) wanted(host string) (*hostKeyLine, error) {
	if strings.TrimSpace(a.Key) == "" {
		if a.State == "present" {
			return nil, Failf("No key specified when adding a host")
		}
		return nil, nil
	}
	if hostList.MatchString(host) {
		return nil, Failf("Comma separated list of names is not supported. Please pass a single name to lookup in the known_hosts file.")
	}
	k, ok := parseHostKey(strings.TrimSpace(a.Key))
	if !ok {
		return nil, Failf("Host parameter does not match hashed host field in supplied key: %q is no line of a known_hosts file (host, type, key)", a.Key)
	}
	if !k.covers(host) {
		return nil, Failf("Host parameter does not match hashed host field in supplied key")
	}
	if a.Hash {
		k.hash(host)
	}
	return k, nil
}

// edit gives the file's new text.
func (a *knownHostsArgs) edit(text, host string, wanted *hostKeyLine) string {
	lines := keepEnds(text)
	if wanted == nil {
		return strings.Join(slices.DeleteFunc(lines, func(line string) bool {
			k, ok := parseHostKey(strings.TrimSpace(line))
			return ok && k.covers(host)
		}), "")
	}
	at, equal := findHostKey(lines, host, wanted)
	if a.State == "present" && equal {
		return text
	}
	if at >= 0 {
		lines = slices.Delete(lines, at, at+1)
	}
	if a.State == "present" {
		if n := len(lines); n > 0 && !strings.HasSuffix(lines[n-1], "\n") {
			lines[n-1] += "\n"
		}
		lines = append(lines, wanted.text+"\n")
	}
	return strings.Join(lines, "")
}

// findHostKey finds the line that says the same as wanted, or one with another
// key of the same type for the host, which it replaces; -1 when there is none.
func findHostKey(lines []string, host string, wanted *hostKeyLine) (at int, equal bool) {
	for i, line := range lines {
		k, ok := parseHostKey(strings.TrimSpace(line))
		switch {
		case !ok || !k.covers(host):
		case k.equals(wanted):
			return i, true
		case k.marker == "" && k.kind == wanted.kind:
			return i, false
		}
	}
	return -1, false
}

// hostKeyLine is a line of known_hosts.
type hostKeyLine struct{ marker, hosts, kind, key, text string }

func parseHostKey(line string) (*hostKeyLine, bool) {
	if line == "" || line[0] == '#' {
		return nil, false
	}
	k := &hostKeyLine{text: line}
	words := strings.Fields(line)
	if words[0][0] == '@' {
		k.marker, words = words[0], words[1:]
	}
	if len(words) < 3 {
		return nil, false
	}
	k.hosts, k.kind, k.key = words[0], words[1], words[2]
	return k, true
}

const hashMark = "|1|"

// equals compares lines; one hash of a name is as good as another.
func (k *hostKeyLine) equals(o *hostKeyLine) bool {
	hashed := strings.HasPrefix(k.hosts, hashMark) && strings.HasPrefix(o.hosts, hashMark)
	return k.marker == o.marker && k.kind == o.kind && k.key == o.key && (hashed || k.hosts == o.hosts)
}

// covers reports whether the line is about a host: one of its patterns
// matches, and none that is negated.
func (k *hostKeyLine) covers(host string) bool {
	if rest, ok := strings.CutPrefix(k.hosts, hashMark); ok {
		salt, sum, _ := strings.Cut(rest, "|")
		key, err := base64.StdEncoding.DecodeString(salt)
		return err == nil && hashedName(key, host) == sum
	}
	found := false
	for _, pattern := range strings.Split(strings.ToLower(k.hosts), ",") {
		pattern, negated := strings.CutPrefix(pattern, "!")
		if pattern == host || glob.Match(strings.ReplaceAll(pattern, "[", "[[]"), host) {
			if negated {
				return false
			}
			found = true
		}
	}
	return found
}

// hash replaces the name of the host by its hash.
func (k *hostKeyLine) hash(host string) {
	salt := make([]byte, sha1.Size)
	rand.Read(salt) // never fails
	k.hosts = hashMark + base64.StdEncoding.EncodeToString(salt) + "|" + hashedName(salt, host)
	k.text = strings.TrimSpace(k.marker + " " + k.hosts + " " + k.kind + " " + k.key)
}

func hashedName(salt []byte, host string) string {
	mac := hmac.New(sha1.New, salt)
	mac.Write([]byte(host))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
