//go:build hosts

package test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// users are the two ways in which every example runs.
var users = []struct {
	name string
	vars []string
}{{"root", asRoot}, {"deploy with sudo", asDeploy}}

func TestApacheExample(t *testing.T) {
	l := openLab(t)
	hosts := l.hosts[:3]
	book := "../examples/apache/apache.yml"
	for _, u := range users {
		t.Run(u.name, func(t *testing.T) {
			for _, h := range hosts {
				l.reset(t, h)
			}
			inv := l.inventory(t, "web_servers", hosts, u.vars...)
			check := drover(t, "run", "-i", inv, book, "--check", "--diff")
			check.want(t, 0, "TASK [Install Apache]")
			for _, h := range hosts {
				if out, err := l.try(h, "dpkg -s apache2"); err == nil {
					t.Fatalf("--check installed apache2 on %s:\n%s", h.name, out)
				}
			}
			first := drover(t, "run", "-i", inv, book, "--diff")
			first.want(t, 0, "+<h1>Served by drover</h1>")
			for _, h := range hosts {
				checkApache(t, l, h)
			}
			drover(t, "run", "-i", inv, book).wantUnchanged(t, hosts)

			other := drover(t, "run", "-i", inv, book, "-C", "-D", "-e", "http_port=8080")
			other.want(t, 0, "-Listen 80", "+Listen 8080")
			if got := l.must(t, hosts[0], "grep ^Listen /etc/apache2/ports.conf | head -1"); got != "Listen 80" {
				t.Errorf("--check changed the port: %s", got)
			}
			drover(t, "run", "-i", inv, book, "-e", "http_port=8080").want(t, 0, "RUNNING HANDLER [Restart Apache]")
			page(t, "http://"+hosts[0].addr+":8080/")
		})
	}
}

func checkApache(t *testing.T, l *lab, h labHost) {
	t.Helper()
	if got := l.must(t, h, "dpkg-query -Wf '${Status}' apache2"); got != "install ok installed" {
		t.Errorf("%s: apache2 is %q", h.name, got)
	}
	if got := l.must(t, h, "systemctl is-active apache2; systemctl is-enabled apache2"); got != "active\nenabled" {
		t.Errorf("%s: apache2 is %q", h.name, got)
	}
	if got := l.must(t, h, "stat -c '%U:%G %a' /var/www/html/index.html"); got != "root:root 644" {
		t.Errorf("%s: the page is %s", h.name, got)
	}
	if text := page(t, "http://"+h.addr+"/"); !strings.Contains(text, "Served by drover") || !strings.Contains(text, "<title>"+h.name) {
		t.Errorf("%s serves %q", h.name, text)
	}
}

func page(t *testing.T, url string) string {
	t.Helper()
	client := &http.Client{Timeout: 20 * time.Second}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, resp.Status, err)
	}
	return string(body)
}

func TestBackupExample(t *testing.T) {
	l := openLab(t)
	hosts := l.hosts[:3]
	book := "../examples/backup/backup.yml"
	for _, u := range users {
		t.Run(u.name, func(t *testing.T) {
			inv := l.inventory(t, "all", hosts, u.vars...)
			for _, h := range hosts {
				l.must(t, h, "rm -rf /var/backups/drover /etc/motd.*~ && echo before > /etc/motd")
			}
			drover(t, "run", "-i", inv, book, "--check", "--diff").want(t, 0, "-before", "+This host is looked after by drover.")
			for _, h := range hosts {
				if got := l.must(t, h, "cat /etc/motd; ls /var/backups/drover 2>/dev/null || true"); got != "before" {
					t.Errorf("--check changed %s: %q", h.name, got)
				}
			}
			drover(t, "run", "-i", inv, book).want(t, 0, "/etc/motd.")
			for _, h := range hosts {
				if got := l.must(t, h, "cat /etc/motd /etc/motd.*~"); got != "This host is looked after by drover.\nbefore" {
					t.Errorf("%s: motd and its backup are %q", h.name, got)
				}
				if got := l.must(t, h, "ls /var/backups/drover | wc -l"); got == "0" {
					t.Errorf("%s has no backup", h.name)
				}
			}
			drover(t, "run", "-i", inv, book).wantUnchanged(t, hosts)
			l.must(t, hosts[0], "echo '# more' >> /etc/default/locale")
			again := drover(t, "run", "-i", inv, book)
			if got := again.recap(t, hosts[0].name, "changed"); got != "1" {
				t.Errorf("a changed source made changed=%s", got)
			}
			if got := again.recap(t, hosts[1].name, "changed"); got != "0" {
				t.Errorf("an unchanged source made changed=%s", got)
			}
		})
	}
}

func TestMonitoringExample(t *testing.T) {
	l := openLab(t)
	hosts := l.hosts[:3]
	for _, u := range users {
		t.Run(u.name, func(t *testing.T) {
			inv := l.inventory(t, "all", hosts, u.vars...)
			drover(t, "run", "-i", inv, "../examples/monitoring/monitoring.yml").wantUnchanged(t, hosts)
			run := drover(t, "run", "-i", inv, playbook(t, `
- hosts: all
  gather_facts: no
  tasks:
    - sysstat:
        interval: 0.2
        fail: {memory.total: "> 1"}
`))
			run.want(t, 2, "memory.total is", "limit")
		})
	}
}

func TestPipelineExample(t *testing.T) {
	l := openLab(t)
	hosts := l.hosts[:3]
	for _, u := range users {
		t.Run(u.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS("../examples/pipeline")); err != nil {
				t.Fatal(err)
			}
			for _, script := range []string{"build.sh", "test.sh"} {
				if err := os.Chmod(filepath.Join(dir, script), 0o755); err != nil {
					t.Fatal(err)
				}
			}
			for _, h := range hosts {
				l.must(t, h, "rm -f /usr/local/bin/app")
			}
			inv := l.inventory(t, "fleet", hosts, u.vars...)
			droverIn(t, dir, "run", "-i", inv, "pipeline.yml", "--junit", "junit.xml").want(t, 0, "app 1.0")
			for _, h := range hosts {
				if got := l.must(t, h, "app add 20 22"); got != "42" {
					t.Errorf("%s: the application says %q", h.name, got)
				}
			}
			droverIn(t, dir, "run", "-i", inv, "pipeline.yml").wantUnchanged(t, append(hosts, labHost{name: "localhost"}))
			failingTest(t, l, dir, inv, hosts)
		})
	}
}

// failingTest checks that nothing is deployed when a stage before fails.
func failingTest(t *testing.T, l *lab, dir, inv string, hosts []labHost) {
	t.Helper()
	for _, h := range hosts {
		l.must(t, h, "rm -f /usr/local/bin/app")
	}
	if err := os.WriteFile(filepath.Join(dir, "test.sh"), []byte("#!/bin/sh\necho 'not ok: add'; exit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	run := droverIn(t, dir, "run", "-i", inv, "pipeline.yml", "--junit", "junit.xml")
	run.want(t, 2, "not ok: add")
	if strings.Contains(run.out, "PLAY [Deploy]") {
		t.Errorf("the deploy stage ran after a failed test:\n%s", run.out)
	}
	for _, h := range hosts {
		if _, err := l.try(h, "test ! -e /usr/local/bin/app"); err != nil {
			t.Errorf("%s got an application that failed its tests", h.name)
		}
	}
	report, err := os.ReadFile(filepath.Join(dir, "junit.xml"))
	if err != nil || !strings.Contains(string(report), `failures="1"`) {
		t.Errorf("the report is %v\n%s", err, report)
	}
}
