package facts

import (
	"fmt"
	"slices"
	"strings"
)

// minimal names the collectors that always run unless "!min" says otherwise.
var minimal = []string{
	"apparmor", "caps", "cmdline", "date_time", "distribution", "dns", "env", "fips", "local",
	"lsb", "pkg_mgr", "platform", "python", "selinux", "service_mgr", "ssh_pub_keys", "user",
}

// selectSubsets gives the names of the collectors that a gather_subset asks
// for: the minimal ones, then what is added, less what is excluded; a name
// that is written out wins over an exclusion.
func selectSubsets(all []collector, subset []string) (map[string]bool, error) {
	ids := map[string][]string{} // every accepted word → collectors
	for _, c := range all {
		ids[c.name] = append(ids[c.name], c.name)
		for _, id := range c.ids {
			ids[id] = append(ids[id], c.name)
		}
	}
	if len(subset) == 0 {
		subset = []string{"all"}
	}
	s := selection{ids: ids, added: set(minimal), excluded: map[string]bool{}, explicit: map[string]bool{}}
	for _, word := range subset {
		if err := s.apply(all, strings.TrimSpace(word)); err != nil {
			return nil, err
		}
	}
	return withNeeds(all, s.collectors()), nil
}

type selection struct {
	ids                       map[string][]string
	added, excluded, explicit map[string]bool
}

func (s *selection) apply(all []collector, word string) error {
	name, exclude := strings.CutPrefix(word, "!")
	switch {
	case name == "min" && exclude:
		merge(s.excluded, minimal)
	case name == "min":
		merge(s.added, minimal)
	case name == "all" && exclude:
		for id := range s.ids {
			if !slices.Contains(minimal, id) {
				s.excluded[id] = true
			}
		}
	case name == "all":
		for id := range s.ids {
			s.added[id] = true
		}
	case exclude:
		s.excluded[name] = true
		for _, c := range all {
			if c.name == name {
				merge(s.excluded, c.ids)
			}
		}
	case s.ids[name] == nil:
		return badSubset(name, s.ids)
	default:
		s.explicit[name], s.added[name] = true, true
	}
	return nil
}

func (s *selection) collectors() map[string]bool {
	names := map[string]bool{}
	for id := range s.added {
		if s.excluded[id] && !s.explicit[id] {
			continue
		}
		merge(names, s.ids[id])
	}
	return names
}

// withNeeds adds what the chosen collectors need.
func withNeeds(all []collector, chosen map[string]bool) map[string]bool {
	for _, c := range all {
		if chosen[c.name] {
			merge(chosen, c.needs)
		}
	}
	return chosen
}

func badSubset(name string, ids map[string][]string) error {
	known := make([]string, 0, len(ids))
	for id := range ids {
		known = append(known, id)
	}
	slices.Sort(known)
	//lint:ignore ST1005 Ansible words it like this
	return fmt.Errorf("Bad subset '%s' given to Ansible. gather_subset options allowed: all, %s", name, strings.Join(known, ", "))
}

func set(names []string) map[string]bool {
	s := make(map[string]bool, len(names))
	merge(s, names)
	return s
}

func merge(into map[string]bool, names []string) {
	for _, n := range names {
		into[n] = true
	}
}
