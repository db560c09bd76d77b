package modules

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"drover/modules/target"
	"drover/playbook/value"
)

type authorizedKeyArgs struct {
	User          string  `arg:"user" required:"true" doc:"Whose keys."`
	Key           string  `arg:"key" required:"true" doc:"Public keys, one a line, or a URL with such lines."`
	Path          string  `arg:"path" type:"path" doc:"The file; ~/.ssh/authorized_keys when not given."`
	ManageDir     bool    `arg:"manage_dir" default:"true" doc:"Make the folder, with the right owner and mode."`
	State         string  `arg:"state" default:"present" choices:"absent,present" doc:"Whether the keys are in the file."`
	KeyOptions    *string `arg:"key_options" doc:"Options to put before the key; others that the line has are replaced."`
	Exclusive     bool    `arg:"exclusive" default:"false" doc:"Remove all other keys."`
	Comment       *string `arg:"comment" doc:"Replaces the comment of the key."`
	ValidateCerts bool    `arg:"validate_certs" default:"true" doc:"Verify the server's certificate where key is a URL."`
	Follow        bool    `arg:"follow" default:"false" doc:"Follow a symbolic link instead of replacing it."`
}

// authorizedKeyModule keeps keys in a user's authorized_keys.
func authorizedKeyModule() Module {
	return Define(Spec{
		Name:    "ansible.posix.authorized_key",
		Summary: "Manage a user's authorized SSH keys",
		Doc:     "Makes public keys be in a user's authorized_keys, or not be there. A key is known by its contents; options and comment follow what is given.",
		Check:   CheckFull, Diff: true,
		Examples: "- ansible.posix.authorized_key:\n    user: deploy\n    key: \"{{ lookup('file', 'deploy.pub') }}\"\n",
		Returns:  []Return{{"keyfile", "str", "always", "The file."}},
	}, runAuthorizedKey)
}

func runAuthorizedKey(ctx context.Context, h target.Host, c *Call, a *authorizedKeyArgs) (*Result, error) {
	owner, file, err := a.file(h, c.Check)
	if err != nil {
		return nil, err
	}
	lines, err := a.lines(ctx, h)
	if err != nil {
		return nil, err
	}
	wanted, err := a.keys(lines)
	if err != nil {
		return nil, err
	}
	old, _ := h.ReadFile(file)
	text := a.edit(string(old), wanted)
	res := &Result{Changed: text != string(old)}
	res.Set("user", a.User).Set("key", a.Key).Set("path", orNone(a.Path)).Set("manage_dir", a.ManageDir).Set("state", a.State).
		Set("key_options", given(a.KeyOptions)).Set("exclusive", a.Exclusive).Set("comment", given(a.Comment)).
		Set("validate_certs", a.ValidateCerts).Set("follow", a.Follow).Set("keyfile", file)
	if !res.Changed {
		return res, nil
	}
	if a.Follow {
		file = followLink(h, file)
	}
	if c.Diff {
		res.Diff = []Diff{{Before: string(old), After: text, BeforeHeader: file, AfterHeader: file}}
	}
	if c.Check {
		return res, nil
	}
	return res, a.write(h, owner, file, text)
}

// given gives a text that may be left out.
func given(s *string) value.Value {
	if s == nil {
		return value.None
	}
	return value.Str(*s)
}

// file gives the file and whose it is. In check mode a former task may be the
// one that makes the user.
func (a *authorizedKeyArgs) file(h target.Host, check bool) (owner target.User, file string, err error) {
	owner, ok := h.Users().User(a.User)
	switch {
	case !ok && check && a.Path == "":
		return owner, "", Failf("Either user must exist or you must provide full path to key file in check mode")
	case !ok && !check:
		return owner, "", Failf("Failed to lookup user %s: there is no such user on this host", a.User)
	}
	return owner, orText(a.Path, path.Join(owner.Home, ".ssh/authorized_keys")), nil
}

// lines gives the wanted keys' lines, from where key names a URL or a file of
// the host.
func (a *authorizedKeyArgs) lines(ctx context.Context, h target.Host) ([]string, error) {
	text := a.Key
	if strings.HasPrefix(text, "http") {
		dir, err := h.MkdirTemp("", "drover-keys-")
		if err != nil {
			return nil, Failf("can't make a folder for the keys: %w", reason(err))
		}
		defer h.RemoveAll(dir)
		if err := downloadFile(ctx, h, text, dir+"/keys", 30*time.Second); err != nil {
			return nil, Failf("Error getting key from: %s: %w", text, err)
		}
		text = "file://" + dir + "/keys"
	}
	if file, ok := strings.CutPrefix(text, "file://"); ok {
		data, err := h.ReadFile(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, Failf("Path to a key file not found: %s", file)
		case isDir(h, file):
			return nil, Failf("Path to a key is a directory and must be a file: %s", file)
		case err != nil:
			return nil, Failf("Failed to read key file %s : %w", file, reason(err))
		}
		text = string(data)
	}
	return splitLines(text), nil
}

// keys reads the wanted keys and gives them the options and the comment.
func (a *authorizedKeyArgs) keys(lines []string) ([]sshKeyLine, error) {
	var keys []sshKeyLine
	for _, line := range lines {
		if line == "" || line[0] == '#' {
			continue
		}
		k := parseKeyLine(line)
		if k.kind == "" {
			return nil, Failf("invalid key specified: %s", line)
		}
		if a.KeyOptions != nil {
			k.options = splitKeyOptions(*a.KeyOptions)
		}
		if a.Comment != nil {
			k.comment = *a.Comment
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// sshKeyLine is a line of authorized_keys. A line that holds no key is its own
// id and has no kind.
type sshKeyLine struct {
	id, kind, comment string
	options           []string
}

func (k sshKeyLine) String() string {
	if k.kind == "" {
		return k.id
	}
	line := k.kind + " " + k.id + " " + k.comment
	if len(k.options) > 0 {
		line = strings.Join(k.options, ",") + " " + line
	}
	return line
}

// equal compares keys; the order of their options says nothing.
func (k sshKeyLine) equal(o sshKeyLine) bool {
	sorted := func(options []string) []string { return slices.Sorted(slices.Values(options)) }
	return k.id == o.id && k.kind == o.kind && k.comment == o.comment && slices.Equal(sorted(k.options), sorted(o.options))
}

// parseKeyLine takes a line apart: what is before the type of the key is
// options.
func parseKeyLine(line string) sshKeyLine {
	words := strings.Fields(strings.ReplaceAll(line, `\#`, "#"))
	at := slices.IndexFunc(words, isKeyKind)
	if at < 0 || at+1 == len(words) || words[0] == "#" {
		return sshKeyLine{id: line}
	}
	return sshKeyLine{
		id: words[at+1], kind: words[at], comment: strings.Join(words[at+2:], " "),
		options: splitKeyOptions(strings.Join(words[:at], " ")),
	}
}

func isKeyKind(s string) bool {
	for _, prefix := range []string{"ssh-", "ecdsa-sha2-", "sk-", "rsa-sha2-", "webauthn-sk-"} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// splitKeyOptions splits options at the commas outside quotes.
func splitKeyOptions(s string) []string {
	quote := rune(0)
	return strings.FieldsFunc(s, func(r rune) bool {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		}
		return quote == 0 && r == ','
	})
}

// edit gives the file's new text. A key that gets other options or another
// comment goes to the end, as a new one does; of several lines with one key
// the last stays.
func (a *authorizedKeyArgs) edit(text string, wanted []sshKeyLine) string {
	var keys []sshKeyLine
	put := func(k sshKeyLine) {
		keys = append(slices.DeleteFunc(keys, k.same), k)
	}
	for _, line := range splitLines(text) {
		put(parseKeyLine(line))
	}
	changed := false
	for _, w := range wanted {
		at := slices.IndexFunc(keys, w.same)
		switch {
		case a.State == "absent" && at >= 0:
			keys = slices.Delete(keys, at, at+1)
		case a.State == "present" && (at < 0 || !keys[at].equal(w)):
			put(w)
		default:
			continue
		}
		changed = true
	}
	if a.Exclusive && a.State == "present" {
		n := len(keys)
		keys = slices.DeleteFunc(keys, func(k sshKeyLine) bool { return !slices.ContainsFunc(wanted, k.same) })
		changed = changed || len(keys) < n
	}
	if !changed {
		return text
	}
	var b strings.Builder
	for _, k := range keys {
		b.WriteString(k.String() + "\n")
	}
	return b.String()
}

// same reports whether both lines are about one key.
func (k sshKeyLine) same(o sshKeyLine) bool { return k.id == o.id }

func (a *authorizedKeyArgs) write(h target.Host, owner target.User, file, text string) error {
	dir := path.Dir(file)
	if a.ManageDir {
		if _, err := h.Stat(dir); err != nil {
			if err := h.Mkdir(dir, 0o700); err != nil {
				return Failf("Failed to create directory %s: %w", dir, reason(err))
			}
		}
		if err := h.Chown(dir, owner.UID, owner.GID); err != nil {
			return Failf("can't give %s to %s: %w", dir, a.User, reason(err))
		}
		if err := h.Chmod(dir, 0o700); err != nil {
			return Failf("can't set the mode of %s: %w", dir, reason(err))
		}
	} else if err := h.MkdirAll(dir, 0o755); err != nil {
		return Failf("Failed to create directory %s: %w", dir, reason(err))
	}
	if err := replaceFile(h, file, text, 0o600); err != nil {
		return Failf("Failed to write to file %s: %w", file, reason(err))
	}
	if err := h.Chown(file, owner.UID, owner.GID); err != nil {
		return Failf("can't give %s to %s: %w", file, a.User, reason(err))
	}
	return nil
}
