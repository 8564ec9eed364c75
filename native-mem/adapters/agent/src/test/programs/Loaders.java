import java.net.URL;
import java.net.URLClassLoader;

/** The program again in a loader that asks its parents last, in one that has none but the platform, and in one that lets little through. */
final class Loaders {
    public static void main(String[] args) throws Exception {
        URL[] classes = {Loaders.class.getProtectionDomain().getCodeSource().getLocation()};
        run(new URLClassLoader(classes, ClassLoader.getPlatformClassLoader()));
        run(new ChildFirst(classes));
        run(new Narrow(classes));
    }

    private static void run(ClassLoader loader) throws Exception {
        Class<?> type = Class.forName("References", true, loader);
        if (type.getClassLoader() != loader) {
            throw new AssertionError(type + " is of " + type.getClassLoader());
        }
        var main = type.getDeclaredMethod("main", String[].class);
        main.setAccessible(true);
        main.invoke(null, (Object) new String[0]);
    }

    private static final class ChildFirst extends URLClassLoader {
        ChildFirst(URL[] classes) {
            super(classes, Loaders.class.getClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(name)) {
                Class<?> loaded = findLoadedClass(name);
                try {
                    return loaded != null ? loaded : findClass(name);
                } catch (ClassNotFoundException notHere) {
                    return super.loadClass(name, resolve);
                }
            }
        }
    }

    /** Of package sun.misc it knows one class only. */
    private static final class Narrow extends URLClassLoader {
        Narrow(URL[] classes) {
            super(classes, ClassLoader.getPlatformClassLoader());
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            if (name.startsWith("sun.misc.") && !name.equals("sun.misc.Unsafe")) {
                throw new ClassNotFoundException(name);
            }
            return super.loadClass(name, resolve);
        }
    }
}
