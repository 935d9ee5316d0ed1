-- name: create_tables#
-- What somebody decided for all who use the folder; what is not here has its default.
create table if not exists settings (
    name text primary key,
    value text not null
) without rowid;

-- name: all_settings
-- What was decided, by name.
select name, value from settings order by name;

-- name: set_setting!
-- Decide one.
insert into settings (name, value) values (:name, :value) on conflict (name) do update set value = excluded.value;

-- name: unset_setting!
-- Back to the default.
delete from settings where name = :name;
