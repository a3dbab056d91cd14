package android.app;

import android.content.Context;
import android.content.Intent;

public final class PendingIntent {
    public static final int FLAG_IMMUTABLE = 1 << 26;

    public static PendingIntent getActivity(Context context, int code, Intent intent, int flags) {
        if (flags != FLAG_IMMUTABLE) throw new IllegalArgumentException("needs FLAG_IMMUTABLE");
        return new PendingIntent();
    }
}
