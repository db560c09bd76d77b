package modules

import (
	"context"
	"fmt"
	"path"
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
	InreleasePath    string      `arg:"inrelease_path" doc:"Path of the InRelease file."`
	Languages        []string    `arg:"languages" doc:"Languages of translations."`
	PDiffs           *bool       `arg:"pdiffs" doc:"Fetch differences of lists."`
	SignedBy         string      `arg:"signed_by" doc:"The key: a URL, a path on the host, fingerprints, or the key's text."`
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
			{"key_filename", "str", "always", "The key's file."},
		},
		RequiredIf: []RequiredIf{{Arg: "state", Value: "present", Needs: []string{"uris", "suites"}}},
	}, runDeb822)
}

var notSlug = lazyre.New(`[^a-z0-9-]+`)

func runDeb822(ctx context.Context, h target.Host, c *Call, a *deb822Args) (*Result, error) {
	slug := notSlug.ReplaceAllString(strings.ReplaceAll(strings.ToLower(a.Name), " ", "-"), "")
	if slug == "" {
		return nil, Failf("name %q has no letter or digit to make a file name of", a.Name)
	}
	file := path.Join(sourcesDir, slug+".sources")
	res := new(Result).Set("dest", file)
	if a.State == "absent" {
		return a.remove(h, c, res, file, slug)
	}
	key := a.SignedBy
	if strings.Contains(key, "://") {
		var err error
		if key, err = a.fetchKey(ctx, h, c, res, slug); err != nil {
			return nil, err
		}
		res.Set("key_filename", key)
	} else {
		res.Set("key_filename", nil)
	}
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
	res.Set("repo", nil).Set("key_filename", nil)
	for _, f := range append([]string{file}, globHost(h, "/etc/apt/keyrings/"+slug+".*")...) {
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

// fetchKey puts the key of a URL into apt's folder of keyrings.
func (a *deb822Args) fetchKey(ctx context.Context, h target.Host, c *Call, res *Result, slug string) (string, error) {
	dir, err := h.MkdirTemp("", "drover-key-")
	if err != nil {
		return "", Failf("can't make a folder for the key: %w", reason(err))
	}
	defer h.RemoveAll(dir)
	if err := downloadFile(ctx, h, a.SignedBy, dir+"/key", 30*time.Second); err != nil {
		return "", Failf("could not fetch signed_by key from %s: %w", a.SignedBy, err)
	}
	key, err := h.ReadFile(dir + "/key")
	if err != nil {
		return "", Failf("could not read the fetched key: %w", err)
	}
	file := "/etc/apt/keyrings/" + slug + ".gpg"
	if strings.HasPrefix(strings.TrimSpace(string(key)), "-----BEGIN PGP") {
		file = "/etc/apt/keyrings/" + slug + ".asc"
	}
	if old, _ := h.ReadFile(file); string(old) == string(key) {
		return file, nil
	}
	res.Changed = true
	if c.Check {
		return file, nil
	}
	return file, writeDeb822(h, file, string(key))
}

// text writes the source, a field a line in the order of their names.
func (a *deb822Args) text(key string) string {
	var b strings.Builder
	put := func(field, val string) {
		if val != "" {
			fmt.Fprintf(&b, "%s: %s\n", field, val)
		}
	}
	words := func(list []string) string { return strings.Join(list, " ") }
	put("Allow-Downgrade-To-Insecure", yesNo(a.AllowDowngrade))
	put("Allow-Insecure", yesNo(a.AllowInsecure))
	put("Allow-Weak", yesNo(a.AllowWeak))
	put("Architectures", words(a.Architectures))
	put("By-Hash", yesNo(a.ByHash))
	put("Check-Date", yesNo(a.CheckDate))
	put("Check-Valid-Until", yesNo(a.CheckValidUntil))
	put("Components", words(a.Components))
	if a.DateMaxFuture != nil {
		put("Date-Max-Future", fmt.Sprint(*a.DateMaxFuture))
	}
	put("Enabled", yesNo(a.Enabled))
	put("InRelease-Path", a.InreleasePath)
	put("Languages", words(a.Languages))
	put("X-Repolib-Name", a.Name)
	put("PDiffs", yesNo(a.PDiffs))
	put("Signed-By", signedBy(key))
	put("Suites", words(a.Suites))
	put("Targets", words(a.Targets))
	put("Trusted", yesNo(a.Trusted))
	put("Types", words(a.Types))
	put("URIs", words(a.URIs))
	return b.String()
}

func yesNo(b *bool) string {
	switch {
	case b == nil:
		return ""
	case *b:
		return "yes"
	}
	return "no"
}

// signedBy writes a key's text as a field of several lines; a dot stands for
// an empty one.
func signedBy(key string) string {
	if !strings.Contains(key, "\n") {
		return key
	}
	var b strings.Builder
	for _, line := range strings.Split(strings.TrimSpace(key), "\n") {
		if line = strings.TrimSpace(line); line == "" {
			line = "."
		}
		b.WriteString("\n " + line)
	}
	return b.String()
}
