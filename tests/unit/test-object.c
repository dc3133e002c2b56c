/* test-object.c - what is counted ends with its last reference; a view stays as it was read */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "object/object.h"

typedef struct View {
    int a, b; /* always the same */
    char *text;
} View;

typedef struct Guest {
    Object object;
    char *rest;
} Guest;

static gint views, guests; /* that there are */

static View *view_new(int number)
{
    View *view = g_atomic_rc_box_new0(View);

    g_atomic_int_inc(&views);
    *view = (View){ number, number, g_strdup("text") };
    return view;
}

static void view_clear(void *data)
{
    View *view = data;

    g_free(view->text);
    g_atomic_int_add(&views, -1);
}

static void guest_clear(Object *object)
{
    g_assert_cmpstr(object->name, ==, "guest1");
    g_free(((Guest *) object)->rest);
    guests--;
}

static Guest *guest_new(void)
{
    Guest *guest = g_new0(Guest, 1);
    Uuid uuid = uuid_random();

    object_init(&guest->object, &uuid, "guest1");
    guest->object.clear_view = view_clear;
    guest->object.free = guest_clear;
    guest->rest = g_strdup("rest");
    guests++;
    return guest;
}

static void test_new(void)
{
    Guest *guest = guest_new();
    g_autofree char *name = object_name(&guest->object);

    g_assert_cmpstr(name, ==, "guest1");
    g_assert_cmpint(object_id(&guest->object), ==, -1);
    g_assert_null(object_view(&guest->object));
    g_assert_nonnull(guest->object.strand);
    object_unref(&guest->object);
    g_assert_cmpint(guests, ==, 0);
}

static void test_references(void)
{
    Guest *guest = guest_new();

    object_swap_view(&guest->object, view_new(1));
    g_assert_true(object_ref(&guest->object) == &guest->object);
    object_unref(&guest->object);
    g_assert_cmpint(guests, ==, 1);
    g_assert_cmpint(views, ==, 1);
    object_unref(&guest->object);
    g_assert_cmpint(guests, ==, 0);
    g_assert_cmpint(views, ==, 0);
    object_unref(NULL);
}

static void test_nothing_to_clear(void)
{
    Object *object = g_new0(Object, 1);
    Uuid uuid = {};

    object_init(object, &uuid, "plain");
    object_swap_view(object, g_atomic_rc_box_new0(int));
    object_unref(object);
}

static void test_view(void)
{
    Guest *guest = guest_new();
    Object *object = &guest->object;
    View *first, *second;

    object_swap_view(object, view_new(1));
    first = object_view(object);
    object_swap_view(object, view_new(2));
    second = object_view(object);
    g_assert_cmpint(first->a, ==, 1);
    g_assert_cmpint(second->a, ==, 2);
    g_assert_cmpint(views, ==, 2);
    object_view_unref(object, first);
    g_assert_cmpint(views, ==, 1);
    object_view_unref(object, NULL);
    object_swap_view(object, NULL);
    g_assert_null(object_view(object));
    g_assert_cmpstr(second->text, ==, "text");
    object_view_unref(object, second);
    g_assert_cmpint(views, ==, 0);
    object_unref(object);
}

/* ---- from many threads ---- */

enum { READERS = 4, SWAPS = 2000 };

static void *read_views(void *object)
{
    int last = 0;

    while (last < SWAPS) {
        View *view = object_view(object);

        g_assert_cmpint(view->a, ==, view->b);
        g_assert_cmpint(view->a, >=, last);
        g_assert_cmpstr(view->text, ==, "text");
        last = view->a;
        object_view_unref(object, view);
    }
    object_unref(object);
    return NULL;
}

static void test_threads(void)
{
    Guest *guest = guest_new();
    Object *object = &guest->object;
    GThread *readers[READERS];

    object_swap_view(object, view_new(0));
    for (int i = 0; i < READERS; i++)
        readers[i] = g_thread_new("reader", read_views, object_ref(object));
    for (int i = 1; i <= SWAPS; i++)
        object_swap_view(object, view_new(i));
    for (int i = 0; i < READERS; i++)
        g_thread_join(readers[i]);
    g_assert_cmpint(g_atomic_int_get(&views), ==, 1);
    object_unref(object);
    g_assert_cmpint(views, ==, 0);
    g_assert_cmpint(guests, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/object/new", test_new);
    g_test_add_func("/object/references", test_references);
    g_test_add_func("/object/nothing-to-clear", test_nothing_to_clear);
    g_test_add_func("/object/view", test_view);
    g_test_add_func("/object/threads", test_threads);
    return g_test_run();
}
