package modules

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"drover/internal/lazyre"
)

// cacheUpdate is what became of the package lists.
type cacheUpdate struct {
	asked, done bool
	time        int64 // seconds since 1970
}

// refreshCache fetches the package lists when they were asked for and are
// older than allowed.
func (r *aptRun) refreshCache(ctx context.Context) error {
	r.update.time = r.cacheTime()
	r.update.asked = r.UpdateCache != nil && *r.UpdateCache || r.CacheValidTime > 0
	if !r.update.asked || r.cacheIsFresh() {
		return nil
	}
	if r.c.Check {
		r.update.done = true
		return nil
	}
	if err := r.fetchLists(ctx); err != nil {
		return err
	}
	now := r.cacheTime()
	r.update.done = now != r.update.time
	r.update.time = now
	return nil
}

// cacheTime is when the lists were last fetched.
func (r *aptRun) cacheTime() int64 {
	for _, p := range []string{"/var/lib/apt/periodic/update-success-stamp", "/var/lib/apt/lists"} {
		if info, err := r.h.Stat(p); err == nil {
			return info.ModTime.Unix()
		}
	}
	return 0
}

func (r *aptRun) cacheIsFresh() bool {
	return r.update.time+int64(r.CacheValidTime) >= r.h.Now().Unix()
}

// fetchLists runs apt-get update until it succeeds, pausing longer each time.
func (r *aptRun) fetchLists(ctx context.Context) error {
	var problem string
	for try := range max(1, r.UpdateCacheRetries) {
		if try > 0 {
			r.c.Progress("apt: fetching the package lists failed, trying again")
			if err := pause(ctx, retryDelay(try-1, r.UpdateCacheRetryDelay)); err != nil {
				return err
			}
		}
		out, err := r.aptGet(ctx, "update", "-q")
		if err != nil {
			return err
		}
		if problem = fetchProblem(out); problem == "" {
			return nil
		}
	}
	return Failf("Failed to update apt cache after %d retries: %s", max(1, r.UpdateCacheRetries), problem)
}

// retryDelay doubles with each try up to the limit; the random part keeps
// many hosts from asking the mirror at the same moment.
func retryDelay(try, limit int) time.Duration {
	seconds := min(float64(int64(1)<<min(try, 30)), float64(limit))
	return time.Duration((seconds + rand.Float64()) * float64(time.Second))
}

var fetchFailure = lazyre.New(`(?m)^(?:E: .*|W: Failed to fetch .*|Err:.*)$`)

// fetchProblem gives the complaints of apt-get update, which ends well even
// where it kept old lists because new ones could not be fetched.
func fetchProblem(out toolOutput) string {
	lines := fetchFailure.FindAllString(out.Stderr, -1)
	if out.RC == 0 && lines == nil {
		return ""
	}
	if lines == nil {
		return orText(out.said(), "unknown reason")
	}
	return strings.Join(lines, ", ")
}

func orText(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}

// pause waits, or ends early with the context's error.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
