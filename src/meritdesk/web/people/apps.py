"""The app's name for Django, and what its acts are called in the audit."""

from django.apps import AppConfig

from meritdesk.web.ui.text import lazy


class PeopleConfig(AppConfig):
    """Departments, teams, posts, people and their assignments over time."""

    name = "meritdesk.web.people"
    label = "people"

    def ready(self) -> None:
        """Say what the acts are called."""
        from meritdesk.web.access.actions import name_actions

        name_actions(
            {
                "department.create": lazy("新建部门"),
                "department.rename": lazy("部门改名"),
                "team.create": lazy("新建班组"),
                "team.rename": lazy("班组改名"),
                "position.create": lazy("新建岗位"),
                "position.rename": lazy("岗位改名"),
                "person.hire": lazy("入职"),
                "person.change": lazy("修改姓名、邮箱"),
                "person.transfer": lazy("调动"),
                "person.superior": lazy("更换直接上级"),
                "person.end": lazy("登记离职"),
                "person.stay": lazy("撤销离职"),
                "person.import": lazy("导入花名册"),
                "assignment.change": lazy("更正任职"),
                "assignment.withdraw": lazy("撤回任职"),
                "calendar.set": lazy("设定日历"),
                "calendar.clear": lazy("取消日历设定"),
                "calendar.cover": lazy("标记年份录入齐全"),
            }
        )
