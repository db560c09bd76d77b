package modules

import (
	"context"
	"path"
	"strings"
	"time"

	"drover/playbook/value"
)

// installDebs installs package files. apt-get installs them together with what
// they depend on; a file whose version is installed already is left out.
func (r *aptRun) installDebs(ctx context.Context) (*Result, error) {
	if r.State != "present" {
		return nil, Failf("deb only supports state=present")
	}
	var err error
	if r.status, err = readDpkgStatus(r.h); err != nil {
		return nil, err
	}
	var files []string
	for _, deb := range strings.Split(r.Deb, ",") {
		file, cleanup, err := r.localDeb(ctx, strings.TrimSpace(deb))
		if err != nil {
			return nil, err
		}
		defer cleanup()
		isThere, err := r.debInstalled(ctx, file)
		if err != nil {
			return nil, err
		}
		if !isThere {
			files = append(files, file)
		}
	}
	if len(files) == 0 {
		return (&Result{}).Set("stdout", "").Set("stderr", ""), nil
	}
	return r.installChosen(ctx, files)
}

// localDeb gives the path of a package file, downloading it where it is a URL.
func (r *aptRun) localDeb(ctx context.Context, deb string) (file string, cleanup func(), err error) {
	if !strings.Contains(deb, "://") {
		if _, err := r.h.Stat(deb); err != nil {
			return "", nil, Failf("Unable to install package: %s: %w", deb, reason(err))
		}
		if !path.IsAbs(deb) && !strings.HasPrefix(deb, ".") {
			deb = "./" + deb // apt-get takes a name without a slash for a package
		}
		return deb, func() {}, nil
	}
	dir, err := r.h.MkdirTemp("", "drover-apt-")
	if err != nil {
		return "", nil, Failf("can't make a folder for the download: %w", err)
	}
	cleanup = func() { _ = r.h.RemoveAll(dir) } // a temporary folder: nothing to be done about it
	file = path.Join(dir, orText(path.Base(strings.SplitN(deb, "?", 2)[0]), "package.deb"))
	if !strings.HasSuffix(file, ".deb") {
		file += ".deb"
	}
	if err := downloadFile(ctx, r.h, deb, file, 5*time.Minute); err != nil {
		cleanup()
		return "", nil, Failf("Failure downloading %s, %w", deb, err)
	}
	return file, cleanup, nil
}

// debInstalled compares a package file with what is installed.
func (r *aptRun) debInstalled(ctx context.Context, file string) (bool, error) {
	out, err := runTool(ctx, r.h, "dpkg-deb", "--show", "--showformat", "${Package}\n${Version}\n${Architecture}\n", file)
	if err != nil {
		return false, err
	}
	f := strings.Split(out.Stdout, "\n")
	if out.RC != 0 || len(f) < 3 {
		return false, FailWith(value.DictOf("stdout", out.Stdout, "stderr", out.Stderr), "Unable to install package: %s", out.said())
	}
	p := r.status.find(f[0] + ":" + f[2])
	if p == nil || !p.installed() {
		return false, nil
	}
	order := compareVersions(f[1], p.version)
	if order < 0 && !r.Force && !r.AllowDowngrade {
		return false, Failf("A later version is already installed: %s %s; use allow_downgrade to go back to %s", p.name, p.version, f[1])
	}
	return order == 0, nil
}
