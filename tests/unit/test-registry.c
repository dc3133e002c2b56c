/* test-registry.c - an object is found by what it has now, and by nothing it had before */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "object/registry.h"

static gint objects; /* that there are */

static void count_free(Object *) { g_atomic_int_add(&objects, -1); }

static Object *object_new(const Uuid *uuid, const char *name)
{
    Object *object = g_new0(Object, 1);

    object_init(object, uuid, name);
    object->free = count_free;
    g_atomic_int_inc(&objects);
    return object;
}

/* Uuids whose first byte tells them apart. */
static Uuid numbered(uint8_t n) { return (Uuid){ { n } }; }

static Object *add(Registry *registry, uint8_t n, const char *name)
{
    Uuid uuid = numbered(n);
    g_autoptr(Object) object = object_new(&uuid, name);

    g_assert_null(registry_add(registry, object));
    return object; /* which the registry holds */
}

static void assert_is(Object *found, const Object *want)
{
    g_assert_true(found == want);
    object_unref(found);
}

static void test_find(void)
{
    g_autoptr(Registry) registry = registry_new();
    Object *a = add(registry, 1, "a"), *b = add(registry, 2, "b");
    Uuid of_b = numbered(2), of_none = numbered(3);

    assert_is(registry_find_name(registry, "a"), a);
    assert_is(registry_find_name(registry, "b"), b);
    assert_is(registry_find_name(registry, ""), NULL);
    assert_is(registry_find_uuid(registry, &of_b), b);
    assert_is(registry_find_uuid(registry, &of_none), NULL);
    assert_is(registry_find_id(registry, 1), NULL);
    assert_is(registry_find_id(registry, -1), NULL);
    g_assert_cmpuint(registry_size(registry), ==, 2);
}

static const struct {
    const char *name;
    uint8_t uuid;
    const char *object_name;
    const char *in_the_way;
} additions[] = {
    { "new", 3, "c", NULL },
    { "name-taken", 3, "a", "a" },
    { "uuid-taken", 1, "c", "a" },
    { "same-again", 1, "a", "a" },
    { "both-taken-uuid-first", 1, "b", "a" },
};

static void test_add(gconstpointer data)
{
    const __typeof__(additions[0]) *test = data;
    g_autoptr(Registry) registry = registry_new();
    Uuid uuid = numbered(test->uuid);
    g_autoptr(Object) object = object_new(&uuid, test->object_name), in_the_way = NULL;

    add(registry, 1, "a");
    add(registry, 2, "b");
    in_the_way = registry_add(registry, object);
    g_assert_cmpstr(in_the_way ? in_the_way->name : NULL, ==, test->in_the_way);
    g_assert_cmpuint(registry_size(registry), ==, test->in_the_way ? 2 : 3);
}

static void test_remove(void)
{
    g_autoptr(Registry) registry = registry_new();
    Object *a = add(registry, 1, "a");
    Uuid uuid = numbered(1);
    g_autoptr(Object) twin = object_new(&uuid, "a");

    registry_set_id(registry, a, 7);
    registry_remove(registry, twin);
    assert_is(registry_find_name(registry, "a"), a);
    object_ref(a);
    registry_remove(registry, a);
    registry_remove(registry, a);
    assert_is(registry_find_name(registry, "a"), NULL);
    assert_is(registry_find_uuid(registry, &uuid), NULL);
    assert_is(registry_find_id(registry, 7), NULL);
    g_assert_cmpuint(registry_size(registry), ==, 0);
    object_unref(a);
    g_assert_cmpint(objects, ==, 1);
    g_assert_null(registry_add(registry, twin));
}

static void test_rename(void)
{
    g_autoptr(Registry) registry = registry_new();
    Object *a = add(registry, 1, "a");
    g_autofree char *name = NULL;

    add(registry, 2, "b");
    g_assert_false(registry_rename(registry, a, "b"));
    assert_is(registry_find_name(registry, "a"), a);
    g_assert_true(registry_rename(registry, a, "a"));
    g_assert_true(registry_rename(registry, a, "c"));
    assert_is(registry_find_name(registry, "c"), a);
    assert_is(registry_find_name(registry, "a"), NULL);
    name = object_name(a);
    g_assert_cmpstr(name, ==, "c");
    registry_remove(registry, a);
    assert_is(registry_find_name(registry, "c"), NULL);
}

static void test_ids(void)
{
    g_autoptr(Registry) registry = registry_new();
    Object *a = add(registry, 1, "a"), *b = add(registry, 2, "b");

    g_assert_true(registry_set_id(registry, a, 1));
    g_assert_cmpint(object_id(a), ==, 1);
    assert_is(registry_find_id(registry, 1), a);
    g_assert_false(registry_set_id(registry, b, 1));
    g_assert_cmpint(object_id(b), ==, -1);
    g_assert_true(registry_set_id(registry, a, 1));
    g_assert_true(registry_set_id(registry, a, 5));
    assert_is(registry_find_id(registry, 1), NULL);
    assert_is(registry_find_id(registry, 5), a);
    g_assert_true(registry_set_id(registry, a, -1));
    g_assert_true(registry_set_id(registry, b, -1));
    assert_is(registry_find_id(registry, 5), NULL);
    assert_is(registry_find_id(registry, -1), NULL);
    g_assert_cmpint(object_id(a), ==, -1);
}

static void test_list(void)
{
    g_autoptr(Registry) registry = registry_new();
    g_autoptr(GPtrArray) none = registry_list(registry), one = NULL, again = NULL, left = NULL;
    Object *a = add(registry, 1, "a");

    one = registry_list(registry);
    again = registry_list(registry);
    registry_remove(registry, a);
    left = registry_list(registry);
    g_assert_cmpuint(none->len, ==, 0);
    g_assert_cmpuint(left->len, ==, 0);
    g_assert_cmpuint(one->len, ==, 1);
    g_assert_true(g_ptr_array_index(one, 0) == a);
    g_assert_true(again == one);
    g_assert_cmpstr(a->name, ==, "a"); /* the list holds it */
}

/* Clients know devices by name alone. */
static void test_no_uuid(void)
{
    g_autoptr(Registry) registry = registry_new();
    Object *a = add(registry, 0, "a"), *b = add(registry, 0, "b");
    Uuid none = numbered(0);

    g_assert_cmpuint(registry_size(registry), ==, 2);
    assert_is(registry_find_uuid(registry, &none), NULL);
    registry_remove(registry, a);
    assert_is(registry_find_name(registry, "a"), NULL);
    assert_is(registry_find_name(registry, "b"), b);
    g_assert_cmpuint(registry_size(registry), ==, 1);
}

static void test_nothing_is_kept(void)
{
    g_autoptr(Registry) registry = registry_new();

    g_assert_cmpint(objects, ==, 0);
    for (int i = 0; i < 100; i++) {
        g_autofree char *name = g_strdup_printf("guest%d", i);

        registry_set_id(registry, add(registry, i, name), i + 1);
    }
    g_ptr_array_unref(registry_list(registry));
    g_assert_cmpint(objects, ==, 100);
    registry_free(g_steal_pointer(&registry));
    g_assert_cmpint(objects, ==, 0);
    registry_free(NULL);
}

/* ---- from many threads ---- */

enum { WRITERS = 3, READERS = 3, ROUNDS = 300 };

static gint writers; /* still at work */

typedef struct Work {
    Registry *registry;
    uint8_t n; /* names and ids of this thread's own object begin with it */
} Work;

/* Adds, names, numbers and removes an object of its own, again and again. */
static void *come_and_go(void *data)
{
    const Work *work = data;
    Uuid uuid = numbered(work->n);
    g_autofree char *name = g_strdup_printf("%d", work->n);
    g_autofree char *other = g_strdup_printf("%d-renamed", work->n);

    for (int i = 0; i < ROUNDS; i++) {
        g_autoptr(Object) object = object_new(&uuid, name);

        g_assert_null(registry_add(work->registry, object));
        g_assert_true(registry_set_id(work->registry, object, 1000 * work->n + i));
        assert_is(registry_find_id(work->registry, 1000 * work->n + i), object);
        g_assert_true(registry_rename(work->registry, object, other));
        assert_is(registry_find_name(work->registry, other), object);
        registry_remove(work->registry, object);
        assert_is(registry_find_uuid(work->registry, &uuid), NULL);
    }
    g_atomic_int_add(&writers, -1);
    return NULL;
}

static void *look(void *data)
{
    const Work *work = data;
    Uuid uuid = numbered(work->n);

    while (g_atomic_int_get(&writers)) {
        g_autoptr(GPtrArray) all = registry_list(work->registry);
        g_autoptr(Object) found = registry_find_uuid(work->registry, &uuid);

        g_assert_true(!found || uuid_equal(&found->uuid, &uuid));
        g_assert_cmpuint(all->len, <=, WRITERS);
        for (guint i = 0; i < all->len; i++) {
            g_autofree char *name = object_name(g_ptr_array_index(all, i));

            g_assert_cmpint(object_id(g_ptr_array_index(all, i)), !=, 0);
            g_assert_cmpstr(name, !=, "");
        }
    }
    return NULL;
}

static void test_threads(void)
{
    g_autoptr(Registry) registry = registry_new();
    Work work[WRITERS + READERS];
    GThread *threads[WRITERS + READERS];

    writers = WRITERS;
    for (int i = 0; i < WRITERS + READERS; i++) {
        work[i] = (Work){ registry, i % WRITERS + 1 };
        threads[i] = g_thread_new("work", i < WRITERS ? come_and_go : look, &work[i]);
    }
    for (int i = 0; i < WRITERS + READERS; i++)
        g_thread_join(threads[i]);
    g_assert_cmpuint(registry_size(registry), ==, 0);
    g_assert_cmpint(g_atomic_int_get(&objects), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/registry/find", test_find);
    ADD_CASES("registry/add", additions, test_add);
    g_test_add_func("/registry/remove", test_remove);
    g_test_add_func("/registry/rename", test_rename);
    g_test_add_func("/registry/ids", test_ids);
    g_test_add_func("/registry/list", test_list);
    g_test_add_func("/registry/no-uuid", test_no_uuid);
    g_test_add_func("/registry/nothing-is-kept", test_nothing_is_kept);
    g_test_add_func("/registry/threads", test_threads);
    return g_test_run();
}
