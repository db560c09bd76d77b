package modules

import (
	"context"
	"slices"
	"strings"

	"drover/modules/glob"
	"drover/modules/target"
)

// dpkgPackage is a paragraph of dpkg's status file.
type dpkgPackage struct {
	name, arch, version, status string
	provides                    []string
}

func (p *dpkgPackage) installed() bool {
	return strings.HasSuffix(p.status, " installed")
}

// leftovers: removed, but its configuration files are still there.
func (p *dpkgPackage) leftovers() bool { return strings.HasSuffix(p.status, " config-files") }

// dpkgStatus is the packages that dpkg knows, by name; one name may be there
// for several architectures.
type dpkgStatus struct {
	packages map[string][]*dpkgPackage
	native   string
}

// readDpkgStatus reads dpkg's status file, which is faster than asking dpkg.
func readDpkgStatus(h target.Host) (*dpkgStatus, error) {
	data, err := h.ReadFile(dpkgStatusPath)
	if err != nil {
		return nil, Failf("can't read the status of packages: %w", err)
	}
	return parseDpkgStatus(string(data)), nil
}

func parseDpkgStatus(text string) *dpkgStatus {
	s := &dpkgStatus{packages: map[string][]*dpkgPackage{}}
	for _, paragraph := range strings.Split(text, "\n\n") {
		p := &dpkgPackage{}
		for _, line := range strings.Split(paragraph, "\n") {
			key, val, ok := strings.Cut(line, ": ")
			if !ok || line[0] == ' ' {
				continue
			}
			switch key {
			case "Package":
				p.name = val
			case "Architecture":
				p.arch = val
			case "Version":
				p.version = val
			case "Status":
				p.status = val
			case "Provides":
				p.provides = providedNames(val)
			}
		}
		if p.name != "" {
			s.packages[p.name] = append(s.packages[p.name], p)
		}
	}
	if own := s.packages["dpkg"]; own != nil {
		s.native = own[0].arch
	}
	return s
}

// providedNames reads "mail-transport-agent, foo (= 1)".
func providedNames(list string) []string {
	var names []string
	for _, p := range strings.Split(list, ",") {
		if f := strings.Fields(p); len(f) > 0 {
			names = append(names, f[0])
		}
	}
	return names
}

// find gives the package called name or name:arch; without an architecture the
// native one, then one for all, then any that is installed.
func (s *dpkgStatus) find(spec string) *dpkgPackage {
	name, arch, qualified := strings.Cut(spec, ":")
	var best *dpkgPackage
	for _, p := range s.packages[name] {
		switch {
		case qualified && (p.arch == arch || arch == "any" || arch == "native" && p.arch == s.native):
			return p
		case qualified:
		case p.arch == s.native || p.arch == "all":
			return p
		case best == nil || p.installed():
			best = p
		}
	}
	return best
}

// provider gives an installed package that provides a virtual one.
func (s *dpkgStatus) provider(virtual string) *dpkgPackage {
	for _, same := range s.packages {
		for _, p := range same {
			if p.installed() && slices.Contains(p.provides, virtual) {
				return p
			}
		}
	}
	return nil
}

// aptPolicy is what apt-cache policy says about one package.
type aptPolicy struct {
	candidate string
	versions  []string // newest first
}

// policies asks apt about packages, by name or name:arch, at once; those
// unknown are missing.
func (r *aptRun) policies(ctx context.Context, names []string) (map[string]*aptPolicy, error) {
	if len(names) == 0 {
		return nil, nil
	}
	argv := []string{"apt-cache"}
	if r.DefaultRelease != "" {
		argv = append(argv, "-t", r.DefaultRelease)
	}
	out, err := mustRun(ctx, r.h, append(append(argv, "policy"), names...)...)
	if err != nil {
		return nil, err
	}
	found := parsePolicy(out.Stdout)
	for _, name := range names {
		// apt-cache leaves the native architecture out of a name.
		base, arch, ok := strings.Cut(name, ":")
		if ok && found[name] == nil && (arch == r.status.native || slices.Contains([]string{"all", "any", "native"}, arch)) {
			found[name] = found[base]
		}
	}
	return found, nil
}

func parsePolicy(text string) map[string]*aptPolicy {
	found := map[string]*aptPolicy{}
	var p *aptPolicy
	for _, line := range strings.Split(text, "\n") {
		switch {
		case line != "" && line[0] != ' ':
			p = &aptPolicy{}
			found[strings.TrimSuffix(line, ":")] = p
		case p == nil:
		case strings.HasPrefix(line, "  Candidate: "):
			if v := strings.TrimPrefix(line, "  Candidate: "); v != "(none)" {
				p.candidate = v
			}
		case isVersionRow(line):
			p.versions = append(p.versions, strings.Fields(line[5:])[0])
		}
	}
	return found
}

// isVersionRow recognises " *** 1.2-3 500" and "     1.2-3 500" in the version
// table; the sources below them are indented further.
func isVersionRow(line string) bool {
	if len(line) < 6 || line[5] == ' ' {
		return false
	}
	return strings.HasPrefix(line, " *** ") || strings.HasPrefix(line, "     ")
}

// best gives the newest version that can be installed and fits the request.
func (p *aptPolicy) best(cmp, version string) string {
	if cmp != "=" {
		return p.candidate
	}
	for _, v := range p.versions {
		if glob.Match(version, v) {
			return v
		}
	}
	return ""
}
