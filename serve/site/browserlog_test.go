package site_test

import (
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// listen is told what the browser complains about: refused contents, files that are
// not there, errors of scripts.
func listen(s *screen, hear func(text string)) {
	s.t.Helper()
	s.do(log.Enable(), runtime.Enable())
	chromedp.ListenTarget(s.ctx, func(event any) {
		switch e := event.(type) {
		case *log.EventEntryAdded:
			hear(e.Entry.Text + " " + e.Entry.URL)
		case *runtime.EventExceptionThrown:
			hear(e.ExceptionDetails.Error())
		}
	})
}
