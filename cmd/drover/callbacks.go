package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"drover/playbook"
	"drover/playbook/source"
)

// pythonCallbacks are the callback plugins of ansible-core and the collections
// that come with it that have no printer here.
var pythonCallbacks = []string{
	"aws_resource_actions", "cgroup_memory_recap", "cgroup_perf_recap", "context_demo", "counter_enabled", "default_without_diff",
	"dense", "diy", "elastic", "foreman", "grafana_annotations", "jabber", "jsonl", "junit", "log_plays", "loganalytics", "logdna",
	"logentries", "logstash", "mail", "nrdp", "null", "opentelemetry", "print_task", "profile_roles", "profile_tasks", "say",
	"selective", "slack", "splunk", "stdout", "sumologic", "syslog_json", "tasks_only", "timer", "timestamp", "tree", "unixy",
}

// printerCallbacks are those that printers stand for.
var printerCallbacks = []string{"default", "debug", "yaml", "json", "skippy", "minimal", "oneline"}

// checkCallback refuses a stdout_callback that does not exist; one that is a
// Python plugin, which does not run here, only gets a warning when the printers
// are made.
func (s *session) checkCallback(books []*playbook.Playbook) error {
	name := s.cfg.StdoutCallback
	if !s.display.replaced || s.isPlugin(name, books) {
		return nil
	}
	return fmt.Errorf("Could not load '%s' callback plugin. (stdout_callback, %s)%s", name, s.cfg.Origin("stdout_callback"),
		source.DidYouMean(name, slices.Concat(printerCallbacks, pythonCallbacks)))
}

// isPlugin reports whether there is a callback plugin in Python of this name.
func (s *session) isPlugin(name string, books []*playbook.Playbook) bool {
	if slices.Contains(pythonCallbacks, name[strings.LastIndexByte(name, '.')+1:]) {
		return true
	}
	dirs := s.pluginPaths("DEFAULT_CALLBACK_PLUGIN_PATH")
	for _, b := range books {
		dirs = append(dirs, filepath.Join(filepath.Dir(b.Path), "callback_plugins"))
	}
	if parts := strings.Split(name, "."); len(parts) == 3 {
		roots := slices.Clone(s.cfg.CollectionsPath)
		for _, b := range books {
			roots = append(roots, filepath.Join(filepath.Dir(b.Path), "collections"))
		}
		dirs, name = nil, parts[2]
		for _, root := range roots {
			dirs = append(dirs, filepath.Join(root, "ansible_collections", parts[0], parts[1], "plugins", "callback"))
		}
	}
	return slices.ContainsFunc(dirs, func(dir string) bool { return exists(filepath.Join(dir, name+".py")) })
}

// pluginPaths gives a setting that is a list of folders.
func (s *session) pluginPaths(name string) []string {
	setting, _ := s.cfg.Setting(name)
	paths, _ := setting.Value.([]string)
	return slices.Clone(paths)
}
