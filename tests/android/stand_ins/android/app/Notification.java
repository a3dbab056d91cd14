package android.app;

import android.content.Context;

public class Notification {
    public String text;

    public static class Builder {
        private final Notification made = new Notification();

        public Builder(Context context, String channel) {
        }

        public Builder setContentTitle(CharSequence title) {
            return this;
        }

        public Builder setContentText(CharSequence text) {
            made.text = text.toString();
            return this;
        }

        public Builder setSmallIcon(int icon) {
            return this;
        }

        public Builder setContentIntent(PendingIntent intent) {
            return this;
        }

        public Builder setOngoing(boolean ongoing) {
            return this;
        }

        public Builder setOnlyAlertOnce(boolean once) {
            return this;
        }

        public Notification build() {
            return made;
        }
    }
}
