package main

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"drover/inventory"
	"drover/playbook"
	"drover/playbook/engine"
)

// listBooks prints what --list-hosts, --list-tasks and --list-tags ask for, in
// the form that Ansible prints it.
func (s *session) listBooks(e *engine.Engine, books []*playbook.Playbook) (int, error) {
	for i, book := range books {
		plays, err := e.List(book)
		if err != nil {
			return 0, err
		}
		fmt.Printf("\nplaybook: %s\n", s.cli.Args().Slice()[i])
		for n, p := range plays {
			s.listPlay(n+1, p)
		}
	}
	return exitOK, nil
}

func (s *session) listPlay(n int, p engine.Listing) {
	fmt.Printf("\n  play #%d (%s): %s\tTAGS: [%s]\n", n, p.Pattern, p.Name, strings.Join(p.Tags, ","))
	if s.cli.Bool("list-hosts") {
		hosts := append([]string(nil), p.Hosts...)
		sort.Strings(hosts)
		fmt.Printf("    pattern: %s\n    hosts (%d):\n", patternList(p.Pattern), len(hosts))
		for _, h := range hosts {
			fmt.Printf("      %s\n", h)
		}
	}
	if s.cli.Bool("list-tasks") {
		fmt.Println("    tasks:")
		for _, t := range p.Tasks {
			fmt.Printf("      %s\tTAGS: [%s]\n", t.Name, strings.Join(t.Tags, ", "))
		}
	}
	if s.cli.Bool("list-tags") {
		fmt.Printf("      TASK TAGS: [%s]\n", strings.Join(p.TaskTags, ", "))
	}
}

// patternList gives a play's pattern as Python writes a list of its parts; hosts
// that are omitted are None.
func patternList(pattern string) string {
	if pattern == "" {
		return "None"
	}
	return "['" + strings.ReplaceAll(pattern, ",", "', '") + "']"
}

// listMatching prints the hosts of an ad-hoc pattern.
func (s *session) listMatching(pattern string) (int, error) {
	limit, err := s.limit()
	if err != nil {
		return 0, err
	}
	hosts, err := s.inv.Match(pattern)
	if err != nil {
		return 0, err
	}
	if limit != "" {
		within, err := s.inv.Match(limit)
		if err != nil {
			return 0, err
		}
		hosts = slices.DeleteFunc(hosts, func(h *inventory.Host) bool { return !slices.Contains(within, h) })
	}
	fmt.Printf("  hosts (%d):\n", len(hosts))
	for _, h := range hosts {
		fmt.Printf("    %s\n", h.Name)
	}
	return exitOK, nil
}
