package android.app;

import android.content.Context;
import android.os.Bundle;
import android.view.View;
import java.util.HashSet;
import java.util.Set;

/** `granted` is what the person allows, at once when asked, but for what the property `refused` names. */
public class Activity extends Context {
    public static final Set<String> granted = new HashSet<>();
    public View content;

    public final void perform(String step) {
        if (step.equals("create")) onCreate(null);
        else if (step.equals("start")) onStart();
        else onStop();
    }

    protected void onCreate(Bundle state) {
    }

    protected void onStart() {
    }

    protected void onStop() {
    }

    public void setContentView(View view) {
        content = view;
    }

    public final void requestPermissions(String[] permissions, int code) {
        for (String one : permissions) if (!one.equals(System.getProperty("refused"))) granted.add(one);
        onRequestPermissionsResult(code, permissions, new int[permissions.length]);
    }

    public void onRequestPermissionsResult(int code, String[] permissions, int[] results) {
    }
}
