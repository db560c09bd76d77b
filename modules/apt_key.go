package modules

import (
	"context"
	"slices"
	"strings"
	"time"

	"drover/modules/target"
	"drover/playbook/value"
)

type aptKeyArgs struct {
	ID            string `arg:"id" doc:"The key's number, from 8 hexadecimal digits on; looked up in what is imported when not given."`
	URL           string `arg:"url" doc:"Where to fetch the key from."`
	Data          string `arg:"data" doc:"The key itself."`
	File          string `arg:"file" type:"path" doc:"File on the host with the key."`
	Keyring       string `arg:"keyring" type:"path" doc:"Keyring to put it into; the trusted ones of apt when not given."`
	Keyserver     string `arg:"keyserver" doc:"Server to fetch the key of that number from."`
	State         string `arg:"state" default:"present" choices:"absent,present" doc:"Whether apt trusts the key."`
	ValidateCerts bool   `arg:"validate_certs" default:"true" doc:"Verify the server's certificate."`
}

// aptKeyModule keeps a key among those that apt trusts for all sources.
func aptKeyModule() Module {
	return Define(Spec{
		Name:              "ansible.builtin.apt_key",
		Summary:           "Manage the keys that apt trusts",
		Doc:               "Adds or removes a key with apt-key, which Debian has given up: prefer deb822_repository with signed_by, which trusts a key for one source only.",
		Check:             CheckFull,
		Examples:          "- ansible.builtin.apt_key:\n    url: https://example.org/key.asc\n    id: 9FED2BCBDCD29CDF762678CBAED4B06F473041FA\n",
		Returns:           []Return{{"before", "list", "always", "The numbers before."}, {"after", "list", "when changed", "The numbers now."}},
		MutuallyExclusive: [][]string{{"data", "file", "keyserver", "url"}},
	}, runAptKey)
}

func runAptKey(ctx context.Context, h target.Host, c *Call, a *aptKeyArgs) (*Result, error) {
	for _, program := range []string{"apt-key", "gpg"} {
		if _, err := requireTool(h, program); err != nil {
			return nil, err
		}
	}
	k := &aptKey{aptKeyArgs: a, file: a.File}
	defer k.forget(h)
	if err := k.identify(ctx, h); err != nil {
		return nil, err
	}
	res := (&Result{}).Set("id", orNone(a.ID))
	if !k.parse(a.ID) {
		return nil, FailWith(res.Set("changed", false).Data, "Invalid key_id")
	}
	res.Set("short_id", k.short).Set("fp", k.long).Set("key_id", k.number)
	before, err := k.list(ctx, h)
	if err != nil {
		return nil, err
	}
	res.Set("before", before)
	res.Changed = slices.Contains(before, k.long) != (a.State == "present")
	if !res.Changed || c.Check {
		return res, nil
	}
	if err := k.change(ctx, h); err != nil {
		return nil, err
	}
	after, err := k.list(ctx, h)
	if err != nil {
		return nil, err
	}
	res.Set("after", after)
	if slices.Contains(after, k.long) != (a.State == "present") {
		return nil, FailWith(res.Data, "apt-key reported no error, but the key is as before: check that %s is the number of a key, not of a subkey or of an expired one", k.number)
	}
	return res, nil
}

// aptKey is the key of a call: where it is on the host, "" when it still has
// to be fetched, and its number in the lengths that apt-key wants.
type aptKey struct {
	*aptKeyArgs
	file, dir           string
	short, long, number string
}

// forget removes what was downloaded.
func (k *aptKey) forget(h target.Host) {
	if k.dir != "" {
		_ = h.RemoveAll(k.dir) // a temporary folder: nothing to be done about it
	}
}

// parse takes the number apart. It tells whether it is one.
func (k *aptKey) parse(id string) bool {
	n := strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(id)), "0X")
	if strings.Trim(n, "0123456789ABCDEF") != "" || len(n) != 8 && len(n) < 16 {
		return false
	}
	k.number, k.short, k.long = n, n[len(n)-8:], n[max(0, len(n)-16):]
	return true
}

// identify finds the number of a key that was given without one.
func (k *aptKey) identify(ctx context.Context, h target.Host) error {
	if k.ID != "" {
		return nil
	}
	if k.Keyserver != "" {
		return Failf("Missing key_id, required with keyserver.")
	}
	if err := k.obtain(ctx, h); err != nil || k.file == "" {
		return err
	}
	var err error
	k.ID, err = k.numberInFile(ctx, h)
	return err
}

func (a *aptKeyArgs) argv(args ...string) []string {
	argv := []string{"apt-key"}
	if a.Keyring != "" {
		argv = append(argv, "--keyring", a.Keyring)
	}
	return append(argv, args...)
}

// list gives the numbers of the trusted keys and their sub-keys that have not
// expired, as long as the wanted key's is.
func (k *aptKey) list(ctx context.Context, h target.Host) ([]string, error) {
	argv := k.argv("adv", "--list-public-keys", "--keyid-format=long", "--with-colons")
	out, err := runTool(ctx, h, argv...)
	if err != nil {
		return nil, err
	}
	if out.RC != 0 {
		return nil, FailWith(out.data(argv), "Unable to list public keys")
	}
	keys := colonKeys(out.Stdout, false)
	for i, key := range keys {
		keys[i] = key[max(0, len(key)-len(k.long)):]
	}
	return keys, nil
}

// colonKeys reads the numbers from gpg's machine-readable list.
func colonKeys(text string, expired bool) []string {
	keys := []string{}
	for _, line := range strings.Split(text, "\n") {
		if f := strings.Split(line, ":"); len(f) > 4 && (f[0] == "pub" || f[0] == "sub") && (expired || f[1] != "e") {
			keys = append(keys, f[4])
		}
	}
	return keys
}

// obtain brings the key to a file on the host, unless it is in one or nobody
// gives it.
func (k *aptKey) obtain(ctx context.Context, h target.Host) (err error) {
	if k.URL == "" && k.Data == "" || k.file != "" {
		return nil
	}
	if k.dir, err = h.MkdirTemp("", "drover-apt-key-"); err != nil {
		return Failf("can't make a folder for the key: %w", reason(err))
	}
	k.file = k.dir + "/key"
	if k.Data != "" {
		if err := replaceFile(h, k.file, k.Data, 0o644); err != nil {
			return Failf("can't write the key: %w", reason(err))
		}
		return nil
	}
	if err := downloadFile(ctx, h, k.URL, k.file, 30*time.Second); err != nil {
		return Failf("Failed to download key at %s: %w", k.URL, err)
	}
	return nil
}

// numberInFile gives the number of the file's first key.
func (k *aptKey) numberInFile(ctx context.Context, h target.Host) (string, error) {
	// gpg makes a home for itself where there is none: not in the user's.
	home, err := h.MkdirTemp("", "drover-gpg-")
	if err != nil {
		return "", Failf("can't make a folder for gpg: %w", reason(err))
	}
	defer h.RemoveAll(home)
	out, err := runTool(ctx, h, "gpg", "--homedir", home, "--with-colons", "--keyid-format=long", "--show-keys", k.file)
	if err != nil {
		return "", err
	}
	keys := colonKeys(out.Stdout, true)
	if out.RC != 0 || len(keys) == 0 {
		from := k.file
		if k.dir != "" {
			from = "inline data"
		}
		return "", FailWith(value.DictOf("stdout", out.Stdout, "stderr", out.Stderr), "Unable to extract key from '%s'", from)
	}
	return keys[0], nil
}

func (k *aptKey) change(ctx context.Context, h target.Host) error {
	argv, what := k.argv("del", k.short), "Unable to remove a key with id "+k.number
	if k.State == "present" {
		if err := k.obtain(ctx, h); err != nil {
			return err
		}
		argv, what = k.argv("add", k.file), "Unable to add a key from file "+k.file
		switch {
		case k.File != "":
		case k.Keyserver != "":
			argv = k.argv("adv", "--no-tty", "--keyserver", k.Keyserver, "--recv", k.number)
			what = "Error fetching key " + k.number + " from keyserver: " + k.Keyserver
		case k.file == "":
			return Failf("there is no key to add: give file, url, data or keyserver beside the id %s", k.ID)
		default:
			what = "Unable to add a key from binary data"
		}
	}
	out, err := runTool(ctx, h, argv...)
	if err != nil || out.RC == 0 {
		return err
	}
	return FailWith(out.data(argv), "%s", what)
}
