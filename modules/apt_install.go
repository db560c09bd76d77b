package modules

import (
	"context"
	"slices"
	"strings"

	"drover/modules/glob"
)

// packageSpec is a package as the user wrote it: name, name=version or
// name>=version.
type packageSpec struct{ text, name, cmp, version string }

func parsePackageSpec(text string) packageSpec {
	s := packageSpec{text: text, name: text}
	if name, version, ok := strings.Cut(text, "="); ok {
		s.name, s.cmp, s.version = name, "=", version
		if base, ok := strings.CutSuffix(name, ">"); ok {
			s.name, s.cmp = base, ">="
		}
	}
	return s
}

// fits reports whether a version is what the request allows.
func (s packageSpec) fits(version string) bool {
	switch s.cmp {
	case "=":
		return glob.Match(s.version, version)
	case ">=":
		return compareVersions(version, s.version) >= 0
	}
	return true
}

// install makes packages present, the latest, or their build dependencies.
func (r *aptRun) install(ctx context.Context, names []string) (*Result, error) {
	var err error
	if r.status, err = readDpkgStatus(r.h); err != nil {
		return nil, err
	}
	specs, err := r.expand(ctx, names)
	if err != nil {
		return nil, err
	}
	chosen, err := r.choose(ctx, specs)
	if err != nil {
		return nil, err
	}
	res := &Result{}
	if len(chosen) > 0 || r.State == "fixed" && len(specs) == 0 {
		if res, err = r.installChosen(ctx, chosen); err != nil {
			return nil, err
		}
	}
	if r.State != "build-dep" && !r.c.Check {
		err = r.markManual(ctx, specs)
	}
	return res, err
}

// expand replaces patterns of names by the names they match.
func (r *aptRun) expand(ctx context.Context, names []string) ([]packageSpec, error) {
	var specs []packageSpec
	var known []string
	for _, n := range names {
		s := parsePackageSpec(n)
		if !strings.ContainsAny(s.name, "*?[]!") {
			specs = append(specs, s)
			continue
		}
		if known == nil {
			out, err := mustRun(ctx, r.h, "apt-cache", "pkgnames")
			if err != nil {
				return nil, err
			}
			known = strings.Fields(out.Stdout)
			slices.Sort(known)
		}
		found := false
		for _, k := range known {
			if glob.Match(s.name, k) {
				found = true
				specs = append(specs, packageSpec{text: k, name: k})
			}
		}
		if !found {
			return nil, Failf("No package(s) matching '%s' available", s.name)
		}
	}
	return specs, nil
}

// choose gives what to hand to apt-get: of the packages that are not as asked
// for, the name or name=version.
func (r *aptRun) choose(ctx context.Context, specs []packageSpec) ([]string, error) {
	if r.State == "build-dep" {
		var all []string
		for _, s := range specs {
			all = append(all, s.text)
		}
		return all, nil
	}
	var doubtful []packageSpec
	for _, s := range specs {
		if !r.settled(s) {
			doubtful = append(doubtful, s)
		}
	}
	var ask []string
	for _, s := range doubtful {
		ask = append(ask, s.name)
	}
	policies, err := r.policies(ctx, ask)
	if err != nil {
		return nil, err
	}
	var chosen []string
	for _, s := range doubtful {
		choice, err := r.chooseOne(ctx, s, policies[s.name])
		if err != nil {
			return nil, err
		}
		if choice != "" {
			chosen = append(chosen, choice)
		}
	}
	return chosen, nil
}

// settled: the installed package already is what was asked for, whatever newer
// versions there are.
func (r *aptRun) settled(s packageSpec) bool {
	p := r.status.find(s.name)
	return r.State != "latest" && s.cmp != "=" && p != nil && p.installed() && s.fits(p.version)
}

func (r *aptRun) chooseOne(ctx context.Context, s packageSpec, policy *aptPolicy) (string, error) {
	now := r.status.find(s.name)
	installed := now != nil && now.installed()
	if !installed && (policy == nil || len(policy.versions) == 0) {
		choice, err := r.chooseVirtual(ctx, s)
		if r.OnlyUpgrade {
			choice = ""
		}
		return choice, err
	}
	if !installed && r.OnlyUpgrade {
		return "", nil
	}
	best := ""
	if policy != nil {
		best = policy.best(s.cmp, s.version)
	}
	fitting := installed && s.fits(now.version)
	if best != "" && (!s.fits(best) || installed && best == now.version) {
		best = ""
	}
	switch {
	case fitting && (best == "" || r.State != "latest" && s.cmp != "="):
		return "", nil
	case best == "":
		return "", Failf("no available installation candidate for %s", s.text)
	case s.cmp == "" && !installed:
		return s.name, nil
	}
	return s.name + "=" + best, nil
}

// chooseVirtual handles a name that is no package of its own: in order when an
// installed package provides it, else apt decides which one to install.
func (r *aptRun) chooseVirtual(ctx context.Context, s packageSpec) (string, error) {
	if r.status.provider(s.name) != nil {
		return "", nil
	}
	out, err := runTool(ctx, r.h, "apt-cache", "showpkg", s.name)
	if err != nil {
		return "", err
	}
	_, providers, found := strings.Cut(out.Stdout, "Reverse Provides:")
	if !found || strings.TrimSpace(providers) == "" {
		return "", Failf("No package matching '%s' is available", s.name)
	}
	return s.name, nil
}

func (r *aptRun) installChosen(ctx context.Context, chosen []string) (*Result, error) {
	action := "install"
	if r.State == "build-dep" {
		action = "build-dep"
	}
	argv := append([]string{"apt-get", "-y"}, r.dpkgOptions()...)
	argv = append(argv, flags(
		r.OnlyUpgrade, "--only-upgrade", r.State == "fixed", "--fix-broken", r.Force, "--force-yes",
		r.Autoremove && action == "install", "--auto-remove", r.FailOnAutoremove, "--no-remove",
		r.c.Check, "--simulate",
	)...)
	argv = append(append(argv, action), chosen...)
	if r.DefaultRelease != "" {
		argv = append(argv, "-t", r.DefaultRelease)
	}
	if r.InstallRecommends != nil {
		argv = append(argv, "-o", "APT::Install-Recommends="+map[bool]string{true: "yes", false: "no"}[*r.InstallRecommends])
	}
	argv = append(argv, flags(r.AllowUnauthenticated, "--allow-unauthenticated",
		r.AllowDowngrade, "--allow-downgrades", r.AllowHeld, "--allow-change-held-packages")...)
	res, out, err := r.run(ctx, argv)
	if err == nil {
		res.Changed = !nothingDone(out.Stdout)
	}
	return res, err
}

// nothingDone recognises apt-get's summary of no work.
func nothingDone(stdout string) bool {
	return strings.Contains("\n"+stdout, "\n0 upgraded, 0 newly installed, 0 to remove")
}

// markManual makes apt remember that somebody wants the packages, so that no
// autoremove takes them; only where apt does not know it yet.
func (r *aptRun) markManual(ctx context.Context, specs []packageSpec) error {
	data, _ := r.h.ReadFile("/var/lib/apt/extended_states")
	automatic := map[string]bool{}
	for _, paragraph := range strings.Split(string(data), "\n\n") {
		name, _, _ := strings.Cut(strings.TrimPrefix(paragraph, "Package: "), "\n")
		automatic[name] = strings.Contains(paragraph, "\nAuto-Installed: 1")
	}
	argv := []string{"apt-mark", "manual"}
	for _, s := range specs {
		name, _, _ := strings.Cut(s.name, ":")
		if automatic[name] {
			argv = append(argv, s.name)
		}
	}
	if len(argv) == 2 {
		return nil
	}
	_, err := mustRun(ctx, r.h, argv...)
	return err
}
