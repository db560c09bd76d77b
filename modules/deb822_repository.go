package modules

import (
	"bytes"
	"context"
	"path"
	"strconv"
	"strings"
	"time"

	"drover/internal/lazyre"
	"drover/modules/target"
	"drover/playbook/value"
)

type deb822Args struct {
	Name             string      `arg:"name" required:"true" doc:"Name of the source; the files are called after it."`
	State            string      `arg:"state" default:"present" choices:"absent,present" doc:"Whether the source is there."`
	Mode             value.Value `arg:"mode" type:"raw" default:"0644" doc:"Permissions of the file."`
	AllowDowngrade   *bool       `arg:"allow_downgrade_to_insecure" doc:"Allow a signed source to become unsigned."`
	AllowInsecure    *bool       `arg:"allow_insecure" doc:"Allow an unsigned source."`
	AllowWeak        *bool       `arg:"allow_weak" doc:"Allow weak signatures."`
	Architectures    []string    `arg:"architectures" doc:"Architectures to look for."`
	ByHash           *bool       `arg:"by_hash" doc:"Fetch lists by their hash."`
	CheckDate        *bool       `arg:"check_date" doc:"Check that the lists are not from the future."`
	CheckValidUntil  *bool       `arg:"check_valid_until" doc:"Check that the lists are not outdated."`
	Components       []string    `arg:"components" doc:"Components, such as main."`
	DateMaxFuture    *int        `arg:"date_max_future" doc:"How many seconds from the future lists may be."`
	Enabled          *bool       `arg:"enabled" doc:"Whether apt uses the source."`
	InreleasePath    *string     `arg:"inrelease_path" doc:"Path of the InRelease file."`
	Languages        []string    `arg:"languages" doc:"Languages of translations."`
	PDiffs           *bool       `arg:"pdiffs" doc:"Fetch differences of lists."`
	SignedBy         *string     `arg:"signed_by" doc:"The key: a URL, a path on the host, fingerprints, or the key's text."`
	Suites           []string    `arg:"suites" doc:"Suites, such as bookworm; or a path that ends with a slash."`
	Targets          []string    `arg:"targets" doc:"Which lists to fetch."`
	Trusted          *bool       `arg:"trusted" doc:"Trust the source without a signature."`
	Types            []string    `arg:"types" default:"deb" choices:"deb,deb-src" doc:"Binary packages, sources, or both."`
	URIs             []string    `arg:"uris" doc:"Where the source is."`
	InstallPythonDeb bool        `arg:"install_python_debian" default:"false" doc:"Without effect: nothing has to be installed."`
}

// deb822Module keeps one source of apt in a file of the newer format, with a
// key that is trusted for this source only.
func deb822Module() Module {
	return Define(Spec{
		Name:    "ansible.builtin.deb822_repository",
		Summary: "Manage apt's sources in deb822 format",
		Doc:     "Makes /etc/apt/sources.list.d/NAME.sources be as given, or not be there; a key from a URL goes to /etc/apt/keyrings. It does not fetch package lists: use apt with update_cache.",
		Check:   CheckFull, Diff: true,
		Examples: "- ansible.builtin.deb822_repository:\n    name: example\n    uris: https://apt.example.org\n    suites: stable\n    components: main\n    signed_by: https://apt.example.org/key.asc\n",
		Returns: []Return{
			{"repo", "str", "always", "Text of the file."}, {"dest", "str", "always", "The file."},
			{"key_filename", "str", "always", "The key's file, if the key is in one."},
		},
	}, runDeb822)
}

var (
	slugGap = lazyre.New(`[\s_]+`)
	notSlug = lazyre.New(`[^-0-9a-z]+`)
)

func runDeb822(ctx context.Context, h target.Host, c *Call, a *deb822Args) (*Result, error) {
	slug := notSlug.ReplaceAllString(slugGap.ReplaceAllString(strings.ToLower(a.Name), "-"), "")
	file := path.Join(sourcesDir, slug+".sources")
	res := new(Result).Set("dest", file)
	if a.State == "absent" {
		return a.remove(h, c, res, file, slug)
	}
	key, keyFile, err := a.key(ctx, h, c, res, slug)
	if err != nil {
		return nil, err
	}
	res.Set("key_filename", keyFile)
	text := a.text(key)
	res.Set("repo", text)
	old, _ := h.ReadFile(file)
	if string(old) != text {
		res.Changed = true
		if c.Diff {
			res.Diff = append(res.Diff, Diff{Before: string(old), After: text, BeforeHeader: file, AfterHeader: file})
		}
		if !c.Check {
			if err := writeDeb822(h, file, text); err != nil {
				return nil, err
			}
		}
	}
	changed, err := (&FileArgs{Mode: a.Mode}).Apply(ctx, h, c, file, nil)
	res.Changed = res.Changed || changed
	return res, err
}

func writeDeb822(h target.Host, file, text string) error {
	if err := h.MkdirAll(path.Dir(file), 0o755); err != nil {
		return Failf("can't make %s: %w", path.Dir(file), reason(err))
	}
	if err := replaceFile(h, file, text, 0o644); err != nil {
		return Failf("can't write %s: %w", file, reason(err))
	}
	return nil
}

func (a *deb822Args) remove(h target.Host, c *Call, res *Result, file, slug string) (*Result, error) {
	res.Set("repo", nil).Set("key_filename", keyrings+"/"+slug+".gpg")
	for _, f := range []string{file, keyrings + "/" + slug + ".asc", keyrings + "/" + slug + ".gpg"} {
		old, err := h.ReadFile(f)
		if err != nil {
			continue
		}
		res.Changed = true
		if c.Diff && f == file {
			res.Diff = []Diff{{Before: string(old), BeforeHeader: f, AfterHeader: f}}
		}
		if c.Check {
			continue
		}
		if err := h.Remove(f); err != nil {
			return nil, Failf("can't remove %s: %w", f, reason(err))
		}
	}
	return res, nil
}

const keyrings = "/etc/apt/keyrings"

// key gives what signed_by becomes in the source, and the key's file where it
// is in one: a file that is there stands for itself, a URL for the file that
// its key goes to, all else (a key's text, fingerprints) is taken as it is.
func (a *deb822Args) key(ctx context.Context, h target.Host, c *Call, res *Result, slug string) (key string, file any, err error) {
	if a.SignedBy == nil {
		return "", nil, nil
	}
	key = *a.SignedBy
	if info, err := h.Stat(key); err == nil && !info.IsDir() {
		return key, key, nil
	}
	if !urlScheme.MatchString(key) {
		return key, nil, nil
	}
	key, err = a.fetchKey(ctx, h, c, res, key, slug)
	return key, key, err
}

var urlScheme = lazyre.New(`^[a-zA-Z][-+.0-9a-zA-Z]*:`)

// fetchKey puts the key of a URL into apt's folder of keyrings.
func (a *deb822Args) fetchKey(ctx context.Context, h target.Host, c *Call, res *Result, address, slug string) (string, error) {
	dir, err := h.MkdirTemp("", "drover-key-")
	if err != nil {
		return "", Failf("can't make a folder for the key: %w", reason(err))
	}
	defer h.RemoveAll(dir)
	if err := downloadFile(ctx, h, address, dir+"/key", 30*time.Second); err != nil {
		return "", Failf("Could not fetch signed_by key: %w", err)
	}
	key, err := h.ReadFile(dir + "/key")
	if err != nil {
		return "", Failf("could not read the fetched key: %w", err)
	}
	if len(key) == 0 {
		return address, nil
	}
	file := keyrings + "/" + slug + ".gpg"
	if bytes.Contains(key, []byte("-----BEGIN PGP PUBLIC KEY BLOCK-----")) {
		file = keyrings + "/" + slug + ".asc"
	}
	if old, _ := h.ReadFile(file); !bytes.Equal(old, key) {
		res.Changed = true
		if c.Check {
			return file, nil
		}
		if err := writeDeb822(h, file, string(key)); err != nil {
			return "", err
		}
	}
	changed, err := (&FileArgs{Mode: value.Str("0644")}).Apply(ctx, h, c, file, nil)
	res.Changed = res.Changed || changed
	return file, err
}

// text writes the source, a field a line in the order of their names.
func (a *deb822Args) text(key string) string {
	var b strings.Builder
	put := func(field, val string) {
		if val != "" {
			val = " " + val
		}
		b.WriteString(field + ":" + foldField(val) + "\n")
	}
	flag := func(field string, on *bool) {
		if on != nil {
			put(field, map[bool]string{true: "yes", false: "no"}[*on])
		}
	}
	words := func(field string, list []string) {
		if list != nil {
			put(field, strings.Join(list, " "))
		}
	}
	flag("Allow-Downgrade-To-Insecure", a.AllowDowngrade)
	flag("Allow-Insecure", a.AllowInsecure)
	flag("Allow-Weak", a.AllowWeak)
	words("Architectures", a.Architectures)
	flag("By-Hash", a.ByHash)
	flag("Check-Date", a.CheckDate)
	flag("Check-Valid-Until", a.CheckValidUntil)
	words("Components", a.Components)
	if a.DateMaxFuture != nil {
		put("Date-Max-Future", strconv.Itoa(*a.DateMaxFuture))
	}
	flag("Enabled", a.Enabled)
	if a.InreleasePath != nil {
		put("Inrelease-Path", *a.InreleasePath)
	}
	words("Languages", a.Languages)
	put("X-Repolib-Name", a.Name)
	flag("Pdiffs", a.PDiffs)
	if a.SignedBy != nil {
		put("Signed-By", key)
	}
	words("Suites", a.Suites)
	words("Targets", a.Targets)
	flag("Trusted", a.Trusted)
	words("Types", a.Types)
	words("URIs", a.URIs)
	return b.String()
}

// foldField writes a text of several lines, as a key's is, below its field; a
// dot stands for an empty line.
func foldField(text string) string {
	if !strings.Contains(text, "\n") {
		return text
	}
	var b strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		b.WriteString("\n    " + orText(strings.TrimSpace(line), "."))
	}
	return b.String()
}
