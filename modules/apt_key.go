package modules

import (
	"context"
	"slices"
	"strings"
	"time"

	"drover/modules/target"
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
	a.ID = strings.ToUpper(strings.TrimPrefix(strings.ToLower(strings.ReplaceAll(a.ID, " ", "")), "0x"))
	if a.ID != "" && (len(a.ID) < 8 || strings.Trim(a.ID, "0123456789ABCDEF") != "") {
		return nil, Failf("Invalid key_id: %s must be at least 8 hexadecimal digits", a.ID)
	}
	before, err := a.list(ctx, h)
	if err != nil {
		return nil, err
	}
	file, cleanup, err := a.keyFile(ctx, h)
	if err != nil {
		return nil, err
	}
	defer cleanup()
	if a.ID == "" {
		if a.ID, err = keyNumber(ctx, h, file); err != nil {
			return nil, err
		}
	}
	there := slices.ContainsFunc(before, func(k string) bool { return sameKey(k, a.ID) })
	res := (&Result{Changed: there != (a.State == "present")}).Set("id", a.ID).Set("before", before)
	if !res.Changed || c.Check {
		return res, nil
	}
	if err := a.change(ctx, h, file); err != nil {
		return nil, err
	}
	after, err := a.list(ctx, h)
	return res.Set("after", after), err
}

// sameKey compares numbers of which one may be an abbreviation.
func sameKey(a, b string) bool {
	return strings.HasSuffix(a, b) || strings.HasSuffix(b, a)
}

func (a *aptKeyArgs) argv(args ...string) []string {
	argv := []string{"apt-key"}
	if a.Keyring != "" {
		argv = append(argv, "--keyring", a.Keyring)
	}
	return append(argv, args...)
}

// list gives the numbers of the trusted keys and their sub-keys.
func (a *aptKeyArgs) list(ctx context.Context, h target.Host) ([]string, error) {
	out, err := mustRun(ctx, h, a.argv("adv", "--list-public-keys", "--keyid-format=long", "--with-colons")...)
	return colonKeys(out.Stdout), err
}

// colonKeys reads the numbers from gpg's machine-readable list.
func colonKeys(text string) []string {
	keys := []string{}
	for _, line := range strings.Split(text, "\n") {
		if f := strings.Split(line, ":"); len(f) > 4 && (f[0] == "pub" || f[0] == "sub") {
			keys = append(keys, f[4])
		}
	}
	return keys
}

// keyFile gives a file with the key, "" where a server or nobody gives it.
func (a *aptKeyArgs) keyFile(ctx context.Context, h target.Host) (file string, cleanup func(), err error) {
	if a.URL == "" && a.Data == "" {
		return a.File, func() {}, nil
	}
	dir, err := h.MkdirTemp("", "drover-apt-key-")
	if err != nil {
		return "", nil, Failf("can't make a folder for the key: %w", reason(err))
	}
	cleanup = func() { _ = h.RemoveAll(dir) } // a temporary folder: nothing to be done about it
	file = dir + "/key"
	if a.Data != "" {
		err = replaceFile(h, file, a.Data, 0o644)
	} else {
		err = downloadFile(ctx, h, a.URL, file, 30*time.Second)
	}
	if err != nil {
		cleanup()
		return "", nil, Failf("Failed to get the key from %s: %w", orText(a.URL, "data"), err)
	}
	return file, cleanup, nil
}

func keyNumber(ctx context.Context, h target.Host, file string) (string, error) {
	if file == "" {
		return "", Failf("No key_id was given and there is no url, data or file to find it in")
	}
	// gpg makes a home for itself where there is none: not in the user's.
	home, err := h.MkdirTemp("", "drover-gpg-")
	if err != nil {
		return "", Failf("can't make a folder for gpg: %w", reason(err))
	}
	defer h.RemoveAll(home)
	out, err := mustRun(ctx, h, "gpg", "--homedir", home, "--with-colons", "--keyid-format=long", "--show-keys", file)
	if err != nil {
		return "", err
	}
	if keys := colonKeys(out.Stdout); len(keys) > 0 {
		return keys[0], nil
	}
	return "", Failf("No key_id could be found in the given key")
}

func (a *aptKeyArgs) change(ctx context.Context, h target.Host, file string) error {
	argv := a.argv("add", file)
	switch {
	case a.State == "absent":
		argv = a.argv("del", a.ID[max(0, len(a.ID)-8):])
	case a.Keyserver != "":
		argv = a.argv("adv", "--no-tty", "--keyserver", a.Keyserver, "--recv", a.ID)
	case file == "":
		return Failf("Need a file, url, data or keyserver to add the key %s", a.ID)
	}
	_, err := mustRun(ctx, h, argv...)
	return err
}
