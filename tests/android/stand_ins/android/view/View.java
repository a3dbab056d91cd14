package android.view;

import android.content.Context;

public class View {
    public static final int VISIBLE = 0, GONE = 8, ACCESSIBILITY_LIVE_REGION_POLITE = 1;

    public interface OnClickListener {
        void onClick(View view);
    }

    private OnClickListener listener;
    private boolean enabled = true;
    private int visibility;

    public View(Context context) {
    }

    public void setOnClickListener(OnClickListener listener) {
        this.listener = listener;
    }

    public boolean performClick() {
        if (!enabled || visibility != VISIBLE) throw new IllegalStateException("nobody can press this");
        listener.onClick(this);
        return true;
    }

    public void setEnabled(boolean enabled) {
        this.enabled = enabled;
    }

    public boolean isEnabled() {
        return enabled;
    }

    public void setVisibility(int visibility) {
        this.visibility = visibility;
    }

    public int getVisibility() {
        return visibility;
    }

    public void setAccessibilityLiveRegion(int mode) {
    }

    public int getAccessibilityLiveRegion() {
        return 0;
    }

    public void setFitsSystemWindows(boolean fits) {
    }

    public boolean getFitsSystemWindows() {
        return true;
    }
}
