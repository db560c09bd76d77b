package modules

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"drover/modules/target"
	"drover/playbook/value"
)

type authorizedKeyArgs struct {
	User          string `arg:"user" required:"true" doc:"Whose keys."`
	Key           string `arg:"key" required:"true" doc:"Public keys, one a line, or a URL with such lines."`
	Path          string `arg:"path" type:"path" doc:"The file; ~/.ssh/authorized_keys when not given."`
	ManageDir     bool   `arg:"manage_dir" default:"true" doc:"Make the folder, with the right owner and mode."`
	State         string `arg:"state" default:"present" choices:"absent,present" doc:"Whether the keys are in the file."`
	KeyOptions    string `arg:"key_options" doc:"Options to put before the key; others that the line has are replaced."`
	Exclusive     bool   `arg:"exclusive" default:"false" doc:"Remove all other keys."`
	Comment       string `arg:"comment" doc:"Replaces the comment of the key."`
	ValidateCerts bool   `arg:"validate_certs" default:"true" doc:"Verify the server's certificate where key is a URL."`
	Follow        bool   `arg:"follow" default:"false" doc:"Follow a symbolic link instead of replacing it."`
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
	owner, ok := h.Users().User(a.User)
	if !ok {
		return nil, Failf("Failed to lookup user %s: there is no such user on this host", a.User)
	}
	file := orText(a.Path, path.Join(owner.Home, ".ssh/authorized_keys"))
	if a.Follow {
		file = followLink(h, file)
	}
	wanted, err := a.keys(ctx, h)
	if err != nil {
		return nil, err
	}
	old, _ := h.ReadFile(file)
	text := a.edit(string(old), wanted)
	res := &Result{Changed: text != string(old)}
	res.Set("keyfile", file).Set("user", a.User).Set("state", a.State).Set("exclusive", a.Exclusive).Set("key", a.Key)
	if !res.Changed {
		return res, nil
	}
	if c.Diff {
		res.Diff = []Diff{{Before: string(old), After: text, BeforeHeader: file, AfterHeader: file}}
	}
	if c.Check {
		return res, nil
	}
	return res, a.write(h, owner, file, text)
}

// keys gives the wanted keys, fetching them where key is a URL.
func (a *authorizedKeyArgs) keys(ctx context.Context, h target.Host) ([]sshKeyLine, error) {
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
		data, err := h.ReadFile(dir + "/keys")
		if err != nil {
			return nil, Failf("Error getting key from: %s: %w", text, err)
		}
		text = string(data)
	}
	var keys []sshKeyLine
	for _, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		k, ok := parseKeyLine(line)
		if !ok {
			return nil, FailWith(value.DictOf("key", line), "invalid key specified: %s", line)
		}
		if a.KeyOptions != "" {
			k.options = a.KeyOptions
		}
		if a.Comment != "" {
			k.comment = a.Comment
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// sshKeyLine is a line of authorized_keys.
type sshKeyLine struct{ options, kind, blob, comment string }

func (k sshKeyLine) String() string {
	var parts []string
	for _, p := range []string{k.options, k.kind, k.blob, k.comment} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " ")
}

// parseKeyLine takes a line apart: options may hold quoted blanks.
func parseKeyLine(line string) (k sshKeyLine, ok bool) {
	first, rest := cutUnquoted(line)
	if !isKeyKind(first) {
		k.options = first
		first, rest = cutUnquoted(rest)
	}
	k.kind = first
	k.blob, k.comment, _ = strings.Cut(strings.TrimSpace(rest), " ")
	return k, isKeyKind(k.kind) && k.blob != ""
}

func isKeyKind(s string) bool {
	return strings.HasPrefix(s, "ssh-") || strings.HasPrefix(s, "ecdsa-sha2-") || strings.HasPrefix(s, "sk-")
}

// cutUnquoted cuts at the first blank outside double quotes.
func cutUnquoted(s string) (first, rest string) {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"' && (i == 0 || s[i-1] != '\\'):
			quoted = !quoted
		case (s[i] == ' ' || s[i] == '\t') && !quoted:
			return s[:i], strings.TrimLeft(s[i:], " \t")
		}
	}
	return s, ""
}

// edit gives the file's new text. Lines that are no keys stay.
func (a *authorizedKeyArgs) edit(text string, wanted []sshKeyLine) string {
	var lines []string
	seen := map[string]bool{}
	for _, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		k, isKey := parseKeyLine(strings.TrimSpace(line))
		i := slices.IndexFunc(wanted, func(w sshKeyLine) bool { return w.blob == k.blob })
		switch {
		case !isKey:
			if line != "" || text != "" && len(lines) > 0 {
				lines = append(lines, line)
			}
		case i < 0 && !(a.Exclusive && a.State == "present"):
			lines = append(lines, line)
		case i >= 0 && a.State == "present" && !seen[k.blob]:
			seen[k.blob] = true
			lines = append(lines, a.merge(k, wanted[i], line))
		}
	}
	for _, w := range wanted {
		if a.State == "present" && !seen[w.blob] {
			seen[w.blob] = true
			lines = append(lines, w.String())
		}
	}
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

// merge keeps the line of a key that is there unless options or comment are
// to be others.
func (a *authorizedKeyArgs) merge(now, wanted sshKeyLine, line string) string {
	if now.options == wanted.options && now.comment == wanted.comment && now.kind == wanted.kind {
		return line
	}
	return wanted.String()
}

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
	}
	if err := replaceFile(h, file, text, 0o600); err != nil {
		return Failf("Failed to write to file %s: %w", file, reason(err))
	}
	if err := h.Chown(file, owner.UID, owner.GID); err != nil {
		return Failf("can't give %s to %s: %w", file, a.User, reason(err))
	}
	return nil
}
