package modules

import (
	"context"
	"regexp"
	"strings"

	"drover/modules/target"
)

type localeGenArgs struct {
	Name  []string `arg:"name" required:"true" doc:"Locales such as de_DE.UTF-8."`
	State string   `arg:"state" default:"present" choices:"absent,present" doc:"Whether the locales exist."`
}

// localeGenModule generates locales by way of /etc/locale.gen.
func localeGenModule() Module {
	return Define(Spec{
		Name:     "community.general.locale_gen",
		Summary:  "Generate locales",
		Doc:      "Makes locales exist or not: switches their lines in /etc/locale.gen on or off and runs locale-gen.",
		Check:    CheckFull,
		Examples: "- community.general.locale_gen:\n    name: de_DE.UTF-8\n",
		Returns: []Return{
			{"name", "str", "always", "The locale, as given."},
		},
	}, runLocaleGen)
}

func runLocaleGen(ctx context.Context, h target.Host, c *Call, a *localeGenArgs) (*Result, error) {
	const file = "/etc/locale.gen"
	out, err := mustRun(ctx, h, "locale", "-a")
	if err != nil {
		return nil, err
	}
	present := map[string]bool{}
	for _, l := range strings.Fields(out.Stdout) {
		present[plainLocale(l)] = true
	}
	data, err := h.ReadFile(file)
	if err != nil {
		return nil, Failf("%s is missing; install the package locales", file)
	}
	text := string(data)
	res := new(Result).Set("name", a.Name)
	for _, name := range a.Name {
		if present[plainLocale(name)] == (a.State == "present") {
			continue
		}
		res.Changed = true
		edited, found := switchLocale(text, name, a.State == "present")
		if !found {
			return nil, Failf("The locale %s you've entered is not available on your system: %s does not list it", name, file)
		}
		text = edited
	}
	if c.Check || !res.Changed {
		return res, nil
	}
	if err := replaceContent(h, file, []byte(text)); err != nil {
		return nil, Failf("can't write %s: %w", file, reason(err))
	}
	_, err = mustRun(ctx, h, "locale-gen")
	return res, err
}

// plainLocale writes a locale as locale -a does: de_DE.utf8.
func plainLocale(name string) string {
	lang, charset, ok := strings.Cut(name, ".")
	if !ok {
		return name
	}
	charset, modifier, hasModifier := strings.Cut(charset, "@")
	name = lang + "." + strings.ReplaceAll(strings.ToLower(charset), "-", "")
	if hasModifier {
		name += "@" + modifier
	}
	return name
}

// switchLocale takes the comment sign off a locale's line, or puts one on.
func switchLocale(text, name string, on bool) (edited string, found bool) {
	line := regexp.MustCompile(`(?m)^[ \t]*#?[ \t]*(` + regexp.QuoteMeta(name) + `[ \t].*)$`)
	sign := "# "
	if on {
		sign = ""
	}
	return line.ReplaceAllString(text, sign+"${1}"), line.MatchString(text)
}
