// One set of versions: Gradle 8.9, JDK 17, and what stands here and in app/build.gradle.kts.
plugins {
    id("com.android.application") version "8.7.2" apply false
    id("org.jetbrains.kotlin.android") version "2.1.0" apply false
}
